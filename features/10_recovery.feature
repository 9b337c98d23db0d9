Feature: Recovery (追偿)
  What comes back of a paid claim first meets its costs; the net is shared as the loss was, on the cumulative amount, so that no fen drifts
  from one party to another. Nobody recovers more than was lost.

  Background:
    Given today is 2026-06-30
    And the guarantee fund is open
    And a paid claim of ¥190,404.48

  Rule: Costs first, and the net by the scheme on the cumulative amount (先扣费用、累计分配)

    Scenario: The worked example
      Given ¥51,260.07 was recovered on 2025-09-10 at a cost of ¥1,260.00
      When ¥12,345.29 is recovered on 2025-10-10 at a cost of ¥0.00
      Then the recoveries stand as
        | party             | recovered first | recovered last | recovered in all | outstanding |
        | fund              | ¥4,500.01       | ¥1,111.07      | ¥5,611.08        | ¥11,525.32  |
        | bank              | ¥15,000.02      | ¥3,703.59      | ¥18,703.61       | ¥38,417.74  |
        | guarantee company | ¥30,500.04      | ¥7,530.63      | ¥38,030.67       | ¥78,116.06  |

    Scenario: Twenty-four months of ¥333.33 drift from nobody
      When ¥333.33 is recovered in each of 24 payments
      Then in all there came back
        | party             | amount    |
        | fund              | ¥719.99   |
        | bank              | ¥2,399.98 |
        | guarantee company | ¥4,879.95 |

    Scenario: A recovery that arrives late is split as one that did not
      Given ¥12,345.29 was recovered on 2025-10-10 at a cost of ¥0.00
      When ¥51,260.07 is recovered on 2025-09-10 at a cost of ¥1,260.00
      Then in all there came back
        | party             | amount     |
        | fund              | ¥5,611.08  |
        | bank              | ¥18,703.61 |
        | guarantee company | ¥38,030.67 |

    Scenario: The same bank reference is the same money
      Given ¥100.00 was recovered under the reference "Z-1"
      When ¥100.00 is recovered under the reference "Z-1"
      Then it is refused: the bank's reference is recorded already

  Rule: Whoever collects passes on what belongs to the others (分配划付)

    Scenario: No more than is due
      Given ¥51,260.07 was recovered on 2025-09-10 at a cost of ¥1,260.00
      When the guarantee company remits ¥4,500.02 to the fund on 2025-09-15
      Then it is refused: so much is not due
      When the guarantee company remits ¥4,500.01 to the fund on 2025-09-15
      Then the guarantee company holds ¥0.00 for the fund and ¥15,000.02 for the bank

    Scenario: Taken back after it was passed on, it is owed back
      Given ¥51,260.07 was recovered on 2025-09-10 at a cost of ¥1,260.00
      And the guarantee company remitted ¥4,500.01 to the fund on 2025-09-15
      When the recovery of 2025-09-10 is taken back on 2025-09-20 with supervisor Wang
      Then the fund holds ¥4,500.01 for the guarantee company
      And in all there came back
        | party             | amount |
        | fund              | ¥0.00  |
        | bank              | ¥0.00  |
        | guarantee company | ¥0.00  |

    Scenario: A recovery is taken back once, by two people
      Given ¥51,260.07 was recovered on 2025-09-10 at a cost of ¥1,260.00
      When the recovery of 2025-09-10 is taken back on 2025-09-20 with the same person
      Then it is refused: a second person has to confirm
      Given the recovery of 2025-09-10 was taken back on 2025-09-20 with supervisor Wang
      When the recovery of 2025-09-10 is taken back on 2025-09-21 with supervisor Wang
      Then it is refused: the recovery was taken back already

  Rule: Nobody recovers more than was lost (追回超额)

    Scenario: What comes in beyond the loss is the bank's that nobody covered, then the borrower's
      Given the bank had excluded ¥500.00 of penalty interest
      When ¥191,000.00 is recovered on 2025-09-10 at a cost of ¥0.00
      Then in all there came back
        | party             | amount      |
        | fund              | ¥17,136.40  |
        | bank              | ¥57,121.35  |
        | guarantee company | ¥116,146.73 |
      And the bank keeps ¥500.00 besides and ¥95.52 is the borrower's

    Scenario: The fen that largest remainders would give too much
      Given a paid claim of ¥0.29
      When ¥0.28 is recovered on 2025-09-10 at a cost of ¥0.00
      Then in all there came back
        | party             | amount |
        | fund              | ¥0.02  |
        | bank              | ¥0.09  |
        | guarantee company | ¥0.17  |

  Rule: What is written off stays on file, and what comes back of it stands apart (账销案存)

    Background:
      Given ¥51,260.07 was recovered on 2025-09-10 at a cost of ¥1,260.00
      And ¥12,345.29 was recovered on 2025-10-10 at a cost of ¥0.00

    Scenario: The rest of the fund is written off, and something comes after all
      Given the fund wrote off ¥11,525.32 on 2026-01-10 with the court's order
      When ¥1,000.01 is recovered on 2026-03-10 at a cost of ¥0.00
      Then of the fund's share ¥0.00 is outstanding, ¥11,525.32 is written off and ¥90.00 came after that

    Scenario: The fund's books say it in their accounts (记账)
      Given the fund wrote off ¥11,525.32 on 2026-01-10 with the court's order
      And ¥1,000.01 was recovered on 2026-03-10 at a cost of ¥0.00
      When the guarantee company remits ¥5,701.08 to the fund on 2026-03-15
      Then the fund's books say
        | account | name             | debit         | credit        |
        | G1001   | 担保基金专户存款 | ¥4,988,564.68 |               |
        | G3001   | 基金本金（市级） |               | ¥5,000,000.00 |
        | G4101   | 已核销收回       |               | ¥90.00        |
        | G5001   | 代偿损失         | ¥11,525.32    |               |
        | M9021   | 账销案存         | ¥11,435.32    |               |
        | M9029   | 账销案存对应     |               | ¥11,435.32    |

    Scenario Outline: Only what is outstanding, with evidence, by two people
      When the fund writes off <amount> on 2026-01-10 with <how>
      Then it is <answer>

      Examples:
        | amount     | how               | answer                                  |
        | ¥11,525.32 | the court's order | recorded                                |
        | ¥11,525.33 | the court's order | refused: so much is not outstanding     |
        | ¥11,525.32 | no evidence       | refused: there is no evidence           |
        | ¥11,525.32 | one person        | refused: a second person has to confirm |

  Rule: An asset taken over for what is owed is a recovery at its value, and what its sale brings otherwise is shared, too (以物抵债)

    Scenario: Taken over at ¥50,000.07, sold for less
      When the fund takes over asset "shop-1" at ¥50,000.07 on 2025-09-10
      Then in all there came back
        | party             | amount     |
        | fund              | ¥4,500.01  |
        | bank              | ¥15,000.02 |
        | guarantee company | ¥30,500.04 |
      And the fund holds ¥30,500.04 for the guarantee company
      When asset "shop-1" is sold for ¥41,000.00 at a cost of ¥1,000.00 on 2025-12-10
      Then in all there came back
        | party             | amount     |
        | fund              | ¥3,600.00  |
        | bank              | ¥12,000.00 |
        | guarantee company | ¥24,400.00 |
      And the fund's books say
        | account | name             | debit         | credit        |
        | G1001   | 担保基金专户存款 | ¥5,022,863.60 |               |
        | G1101   | 应收代偿款       | ¥13,536.40    |               |
        | G2101   | 应付追偿分配款   |               | ¥36,400.00    |
        | G3001   | 基金本金（市级） |               | ¥5,000,000.00 |
