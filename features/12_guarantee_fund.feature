Feature: Guarantee fund (担保基金)
  Public money stands behind the loans, its own share of each (政银担: 9 %). It may promise so many times what it has (放大倍数)
  and never promises the same money twice: new guarantees are refused, facts are recorded whatever they do to it.

  Background:
    Given today is 2025-06-30
    And a fund with ¥30,000.00 of the city's capital, which may promise 10 times what it has

  Rule: A new guarantee needs room, which is held ready from the contract on (额度预留)

    Scenario: The share of the contract is reserved, and becomes exposure as it is paid out
      Given a contract of ¥300,000.00 was signed on 2025-03-03
      Then the fund holds ¥27,000.00 ready, stands for ¥0.00 and has ¥273,000.00 left to promise
      When the bank pays out ¥100,000.00 on 2025-03-10
      Then the fund holds ¥18,000.00 ready, stands for ¥9,000.00 and has ¥273,000.00 left to promise

    Scenario Outline: The last room is given once
      Given a contract of ¥3,000,000.00 was signed on 2025-03-03
      When a contract of <amount> is signed on 2025-03-04
      Then it is <answer>

      Examples:
        | amount      | answer                            |
        | ¥333,333.33 | recorded                          |
        | ¥333,340.00 | refused: the fund has no room     |

    Scenario: Capital makes room, and may leave as far as it is not needed
      Given a contract of ¥3,000,000.00 was signed on 2025-03-03
      When the city takes ¥3,000.01 out of the fund on 2025-03-05
      Then it is refused: the fund has no room
      When the city takes ¥3,000.00 out of the fund on 2025-03-05
      Then the fund holds ¥270,000.00 ready, stands for ¥0.00 and has ¥0.00 left to promise

    Scenario: Nobody takes out more than they brought in
      When the city takes ¥30,000.01 out of the fund on 2025-03-05
      Then it is refused: the level brought in less

    Scenario Outline: What is not drawn in time lapses
      Given a contract of ¥300,000.00 was signed on 2025-03-03
      When the bank pays out ¥100,000.00 on <day>
      Then it is <answer>

      Examples:
        | day        | answer                            |
        | 2025-06-01 | recorded                          |
        | 2025-06-02 | refused: it was to be drawn before |

    Scenario: The room of what was not drawn comes back
      Given a contract of ¥300,000.00 was signed on 2025-03-03
      And the bank paid out ¥100,000.00 on 2025-03-10 under its reference "F1"
      When it is looked at on 2025-06-01 whether the rest has lapsed
      Then it is refused: nothing has lapsed
      When it is looked at on 2025-06-02 whether the rest has lapsed
      Then the fund holds ¥0.00 ready, stands for ¥9,000.00 and has ¥291,000.00 left to promise

  Rule: Exposure is the share of what is owed, never the sum of shares of payments (share(before) − share(after))

    Scenario: An odd repayment
      Given a contract of ¥300,000.00 was signed on 2025-03-03
      And the bank paid out ¥300,000.00 on 2025-03-03 under its reference "F1"
      When the borrower repays ¥112,666.63 on 2025-03-03
      Then the fund holds ¥0.00 ready, stands for ¥16,860.00 and has ¥283,140.00 left to promise

  Rule: Facts may take the fund past what it may promise; only new guarantees stop (R-FUND-3)

    Scenario: A cheque that is returned after its room was given away
      Given a contract of ¥300,000.00 was signed on 2025-03-03
      And the bank paid out ¥300,000.00 on 2025-03-03 under its reference "F1"
      And the borrower repaid ¥300,000.00 on 2025-03-03 under the bank's reference "H1"
      And a contract of ¥3,333,333.33 for somebody else was signed on 2025-03-04
      When teller Li takes the payment of 2025-03-03 back on 2025-03-05 with supervisor Wang, because the cheque was returned
      Then the fund is breached, and has -¥27,000.00 left to promise
      When the city brings ¥2,700.00 into the fund on 2025-03-06
      Then the fund is warned, and has ¥0.00 left to promise
      When the city brings ¥10,000.00 into the fund on 2025-03-06
      Then the fund is within its limits, and has ¥100,000.00 left to promise

  Rule: Where too much was lost no new guarantees are given (20 % 暂停)

    Scenario: A bank is suspended, another is not
      Given the fund gives no new guarantees at the bank since 2025-03-03
      When a contract of ¥100,000.00 is signed on 2025-03-04
      Then it is refused: the fund gives no new guarantees there
      When a contract of ¥100,000.00 is signed with another bank on 2025-03-04
      Then it is recorded

    Scenario: What was signed before is honoured
      Given a contract of ¥100,000.00 was signed on 2025-03-03
      And the fund gives no new guarantees at the bank since 2025-03-03
      When the bank pays out ¥100,000.00 on 2025-03-04
      Then it is recorded

    Scenario Outline: The figures suspend at 20 % of the balance and resume below 10 %
      When the bank's claims of a year are <claims> of a balance of ¥100,000.00
      Then guarantees at the bank are <state>
      When the bank's claims of a year are <later> of a balance of ¥100,000.00
      Then guarantees at the bank are <then>

      Examples:
        | claims     | state     | later      | then      |
        | ¥19,999.99 | given     | ¥19,999.99 | given     |
        | ¥20,000.00 | suspended | ¥10,000.00 | suspended |
        | ¥20,000.00 | suspended | ¥9,999.99  | given     |

  Rule: The books of a month are closed, and never edited afterwards (结账)

    Scenario: What is learned late is booked in the open period under its own day
      Given the fund's account has borne ¥120.00 of interest on 2025-03-21
      When finance closes the books up to 2025-03-31
      Then the accumulated result of 2025-03-31 is ¥120.00
      When the fund's account has borne ¥5.00 of interest on 2025-02-21
      Then the accumulated result of 2025-03-31 is ¥120.00
      And what was recorded last is of 2025-02-21 and booked on 2025-04-01
      And what was sealed still comes out of the books

    Scenario: A closed month is opened again by two people
      Given finance has closed the books up to 2025-03-31
      When finance opens the books of 2025-03-31 again alone
      Then it is refused: the second person has to be another one
      When finance opens the books of 2025-03-31 again with the head of finance
      Then it is recorded
