Feature: Overdue and penalty (逾期与罚息)
  What falls due is paid on its day, or on the next working day where it is none. What is not bears the penalty rate from its due day on,
  half as much again as the contract's, and unpaid interest with it. A payment meets penalty first, then what is overdue, the oldest first.

  Background:
    Given today is 2025-12-31
    And a loan of ¥12,000.00 at 3.6 % in 12 equal parts of principal was paid out on 2024-03-05

  Rule: What falls due is what the schedule says (应还)

    Scenario: Paid on time, every instalment pays its row
      Then on these days there is
        | date       | penalty | interest due | principal due | accrued | to come    |
        | 2024-04-05 | ¥0.00   | ¥37.20       | ¥1,000.00     | ¥0.00   | ¥11,000.00 |
      When the borrower repays ¥1,037.20 on 2024-04-05
      Then on these days there is
        | date       | penalty | interest due | principal due | accrued | to come    |
        | 2024-04-20 | ¥0.00   | ¥0.00        | ¥0.00         | ¥16.50  | ¥11,000.00 |
        | 2024-05-05 | ¥0.00   | ¥33.00       | ¥1,000.00     | ¥0.00   | ¥10,000.00 |

  Rule: Arrears bear the penalty rate from their due day on (罚息、复利)

    Scenario: The first instalment comes fifteen days late
      Then on these days there is
        | date       | penalty | interest due | principal due | accrued | to come    |
        | 2024-04-06 | ¥0.16   | ¥37.20       | ¥1,000.00     | ¥1.10   | ¥11,000.00 |
        | 2024-04-20 | ¥2.33   | ¥37.20       | ¥1,000.00     | ¥16.50  | ¥11,000.00 |
      When the borrower repays ¥1,039.53 on 2024-04-20
      Then the payment of 2024-04-20 met ¥2.33 of penalty, ¥37.20 of interest and ¥1,000.00 of principal
      And nothing is overdue on 2024-04-20

    Scenario: A part of it does not restart the count
      When the borrower repays ¥1,000.00 on 2024-06-01
      Then the oldest unpaid due day on 2024-07-05 is 2024-04-05

  Rule: The end of a day establishes how long it is overdue, and of which category it is (账龄、五级分类)

    Scenario Outline: Not a day earlier
      When the day <day before> is closed
      Then the overdue list says <before>
      When the day <day> is closed
      Then the overdue list says <after>

      Examples:
        | day before | before                       | day        | after                                              |
        | 2024-04-05 | nothing                      | 2024-04-06 | 1 days, 1-30, special_mention                      |
        | 2024-05-05 | 30 days, 1-30, special_mention | 2024-05-06 | 31 days, 31-60, special_mention                  |
        | 2024-07-04 | 90 days, 61-90, special_mention | 2024-07-05 | 91 days, over_90, substandard, claim by 2024-09-30 |
        | 2024-12-31 | 270 days, over_90, substandard, claim by 2024-09-30 | 2025-01-01 | 271 days, over_90, doubtful, claim by 2024-09-30 |
        | 2025-03-31 | 360 days, over_90, doubtful, claim by 2024-09-30 | 2025-04-01 | 361 days, over_90, loss, claim by 2024-09-30 |

  Rule: A due day that is no working day is the next one (节假日顺延)

    Background:
      Given 2024-04-04 and 2024-04-05 are holidays, and 2024-04-07 is worked

    Scenario Outline: It is paid on the next working day, or later
      When the day <day> is closed
      Then the loan is <state>
      And on these days there is
        | date  | penalty   | interest due | principal due | accrued   | to come    |
        | <day> | <penalty> | ¥37.20       | ¥1,000.00     | <accrued> | ¥11,000.00 |

      Examples:
        | day        | state   | penalty | accrued |
        | 2024-04-07 | running | ¥0.00   | ¥2.20   |
        | 2024-04-08 | overdue | ¥0.47   | ¥3.30   |

  Rule: A loan is extended once, before it matures, and with the guarantor's consent (展期)

    Scenario: Six months more, and the parts to come are smaller
      Given the borrower repaid ¥1,037.20 on 2024-04-05
      When the bank extends the loan by 6 months on 2024-04-05 with the guarantor's consent
      Then 17 instalments are to come, the next of ¥680.06
      And the loan matures on 2025-09-05
      When the bank extends the loan by 6 months on 2024-04-11 with the guarantor's consent
      Then it is refused: it was extended before

    Scenario Outline: Until it matures
      When the bank extends the loan by 6 months on <day> with the guarantor's consent
      Then it is <answer>

      Examples:
        | day        | answer                |
        | 2025-03-05 | recorded              |
        | 2025-03-06 | refused: it has matured |

    Scenario: Without consent nobody stands for it any more
      When the bank extends the loan by 6 months on 2024-06-01 without the guarantor's consent
      Then it is recorded
      When the bank files a claim on 2025-12-31
      Then it is refused: the guarantor is released

  Rule: Another rate holds from its day, whenever it becomes known (利率调整)

    Scenario: A rate of April that becomes known in June
      Given the borrower repaid ¥1,037.20 on 2024-04-05
      And the borrower repaid ¥1,033.00 on 2024-05-05
      When the bank sets the rate to 3.0 % from 2024-04-05 on
      Then the account to 2024-06-05 reads
        | date       | what     | due       | paid       | balance    |
        | 2024-03-05 | paid out |           | ¥12,000.00 | ¥12,000.00 |
        | 2024-04-05 | fell due | ¥1,037.20 |            | ¥12,000.00 |
        | 2024-04-05 | repaid   |           | ¥1,037.20  | ¥11,000.00 |
        | 2024-05-05 | fell due | ¥1,027.50 |            | ¥11,000.00 |
        | 2024-05-05 | repaid   |           | ¥1,033.00  | ¥9,994.50  |
        | 2024-06-05 | fell due | ¥1,020.32 |            | ¥9,994.50  |

  Rule: Another plan is for the principal to come (重组)

    Scenario: Six instalments more
      Given the borrower repaid ¥1,037.20 on 2024-04-05
      When the loan is paid in 18 equal parts of principal from 2024-04-05 on
      Then 17 instalments are to come, the next of ¥680.06

  Rule: Misused money bears twice the rate, and overdue never both surcharges (挪用)

    Scenario: A car instead of a workshop
      When it is found that the money was misused from 2024-03-15 on
      Then on these days there is
        | date       | penalty | interest due | principal due | accrued | to come    |
        | 2024-03-20 | ¥6.00   | ¥0.00        | ¥0.00         | ¥18.00  | ¥12,000.00 |

  Rule: Money paid ahead does what the borrower chose (部分提前还款)

    Scenario Outline: Two thousand more than the first instalment
      When the borrower repays ¥3,037.20 on 2024-04-05 and <chooses>
      Then <left> instalments are to come, the next of <next>

      Examples:
        | chooses                      | left | next    |
        | wants fewer instalments      | 9    | ¥1,027.00 |
        | wants lower ones             | 11   | ¥845.18 |
        | leaves the next ones paid    | 9    | ¥1,027.00 |

  Rule: The quote of a day pays the loan off on that day (提前结清)

    Scenario Outline: Nothing but the whole quote
      When the borrower repays the quote of 2024-06-20 less <short>
      Then the loan is <state>

      Examples:
        | short | state   |
        | ¥0.00 | settled |
        | ¥0.01 | overdue |
