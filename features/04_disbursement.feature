Feature: Disbursement (放款)
  The handling bank pays the loan out, in one sum or in several, within the contract that was signed.
  From that day the guarantee fund and the guarantee company stand for their parts of it (政银担 9/30/61).

  Background:
    Given today is 2025-06-30
    And a contract of ¥300,000.00 was signed on 2024-03-01

  Rule: A contract is paid out in one sum or in several (一次或分次放款)

    Scenario: In one sum
      When the bank pays out ¥300,000.00 on 2024-03-05
      Then ¥300,000.00 is outstanding
      And the loan is running

    Scenario: In two parts
      Given the bank paid out ¥120,000.00 on 2024-03-05
      When the bank pays out ¥180,000.00 on 2024-04-10
      Then ¥300,000.00 is outstanding
      And ¥120,000.00 was outstanding on 2024-04-09
      And the history of the loan reads
        | date       | what     | amount      |
        | 2024-03-05 | paid out | ¥120,000.00 |
        | 2024-04-10 | paid out | ¥180,000.00 |

    Scenario: A contract by itself is no debt
      Then ¥0.00 is outstanding
      And the loan is signed only
      And the fund answers for ¥0.00 and the guarantee company for ¥0.00

  Rule: Nothing is paid out beyond the contract (合同金额)

    Scenario Outline: The last fen of the contract may be paid out and no more
      Given the bank paid out <first> on 2024-03-05
      When the bank pays out <second> on 2024-04-10
      Then it is <answer>
      And <outstanding> is outstanding

      Examples:
        | first       | second      | answer                                      | outstanding |
        | ¥299,999.99 | ¥0.01       | recorded                                    | ¥300,000.00 |
        | ¥299,999.99 | ¥0.02       | refused: the contract has no room for it    | ¥299,999.99 |
        | ¥300,000.00 | ¥0.01       | refused: the contract has no room for it    | ¥300,000.00 |
        | ¥1.00       | ¥300,000.00 | refused: the contract has no room for it    | ¥1.00       |
        | ¥1.00       | ¥0.00       | refused: it cannot be what it is said to be | ¥1.00       |

    Scenario: Room that was repaid is not paid out again
      Given the bank paid out ¥300,000.00 on 2024-03-05
      And the borrower repaid ¥300,000.00 on 2024-03-05
      When the bank pays out ¥100.00 on 2024-03-06
      Then it is refused: the loan has ended

  Rule: The contract comes first (先签合同后放款)

    Scenario Outline: A payout is dated on the day of signing or after it
      When the bank pays out ¥300,000.00 on <day>
      Then it is <answer>

      Examples:
        | day        | answer                                 |
        | 2024-02-29 | refused: the contract was not signed   |
        | 2024-03-01 | recorded                               |

    Scenario: Without a contract nothing is paid out
      When the bank pays out ¥300,000.00 on 2024-03-05 for a loan that nobody signed
      Then it is refused: there is no such loan

    Scenario: A loan's number is given once
      When a contract of ¥100,000.00 is signed again under the same number
      Then it is refused: the number is taken
      And the loan is signed only

  Rule: What has not happened yet is not recorded (业务日期)

    Scenario Outline: A payout may be dated today and not tomorrow
      Given a contract of ¥300,000.00 was signed on 2025-06-02
      When the bank pays out ¥300,000.00 on <day>
      Then it is <answer>

      Examples:
        | day        | answer                          |
        | 2025-06-30 | recorded                        |
        | 2025-07-01 | refused: it has not happened yet |

  Rule: One bank reference is one payment (银行流水号)

    Scenario: The same payout sent twice
      Given the bank paid out ¥100,000.00 on 2024-03-05 under its reference "F24030500017"
      When the bank pays out ¥100,000.00 on 2024-03-05 under its reference "F24030500017"
      Then it is refused: the bank's reference is recorded already
      And ¥100,000.00 is outstanding

    Scenario: The same reference for another loan of the bank
      Given the bank paid out ¥100,000.00 on 2024-03-05 under its reference "F24030500017"
      And another contract of ¥200,000.00 was signed with the same bank on 2024-03-01
      When the bank pays out ¥100,000.00 on 2024-03-05 under its reference "F24030500017"
      Then it is refused: the bank's reference is recorded already

    Scenario: Another bank numbers its payments by itself
      Given the bank paid out ¥100,000.00 on 2024-03-05 under its reference "F24030500017"
      And another contract of ¥200,000.00 was signed with another bank on 2024-03-01
      When the bank pays out ¥100,000.00 on 2024-03-05 under its reference "F24030500017"
      Then ¥100,000.00 is outstanding

  Rule: Fund and guarantee company answer for their parts of what is paid out (担保责任余额)

    Scenario Outline: Nine of a hundred and sixty-one of a hundred, to the fen
      When the bank pays out <amount> on 2024-03-05
      Then the fund answers for <fund> and the guarantee company for <guarantor>

      Examples:
        | amount      | fund       | guarantor   |
        | ¥300,000.00 | ¥27,000.00 | ¥183,000.00 |
        | ¥190,404.48 | ¥17,136.40 | ¥116,146.73 |
        | ¥187,333.37 | ¥16,860.00 | ¥114,273.36 |
        | ¥0.01       | ¥0.00      | ¥0.01       |

    Scenario: Several payouts add up to the share of their sum
      Given the bank paid out ¥62,345.29 on 2024-03-05
      When the bank pays out ¥62,345.29 on 2024-03-06
      Then the fund answers for ¥11,222.15 and the guarantee company for ¥76,061.25

  Rule: A loan is there to create jobs (带动就业)

    Scenario: The latest report counts
      Given the bank paid out ¥300,000.00 on 2024-03-05
      And the borrower reported 2 jobs created and 1 kept on 2024-06-30
      When the borrower reports 5 jobs created and 2 kept on 2024-12-31
      Then the loan has created 5 jobs and kept 2
      And by 2024-09-30 the loan had created 2 jobs and kept 1
