Feature: Interest subsidy (贴息)
  The budget bears a part of the interest, by the regime of the day on which the contract was signed. The borrower pays first (先付后贴); a
  quarter ends on the 20th of its last month (结息日). Every fen of it can be worked out again by hand.

  Background:
    Given today is 2025-06-30
    And Jining's policies are published

  Rule: Each loan keeps the regime of its contract

    Scenario: Half of the rate since 2024, by actual days, borne by four levels
      Given an individual's loan of ¥300,000.00 for 24 months was paid out on 2024-04-01 at 3.95 %, the LPR being 3.45 %
      Then of 2024Q2 the budget bears ¥1,333.13 and the borrower ¥1,333.12
      And of it these levels bear
        | central | ¥399.94 |
        | province | ¥399.94 |
        | city | ¥266.63 |
        | county | ¥266.62 |
      And it is told as "300000.00 × 3.95% × 81/360 = 2666.25; the budget bears 50 % of the rate: subsidy 300000.00 × 1.975% × 81/360 = 1333.125"

    Scenario Outline: What the budget bears of a quarter of 90 days
      Given <whose> loan of <amount> for 36 months was paid out on <day> at <rate> %, the LPR being <lpr> %
      Then of <quarter> the budget bears <budget> and the borrower <borrower>
      And <local> of it is the local budget's alone

      Examples: all until 2020, what is above the LPR less 150 bp until 2023; what is beyond the national limits is local (R-SUB-8)
        | whose           | amount        | day        | rate | lpr  | quarter | budget     | borrower   | local     |
        | an individual's | ¥100,000.00   | 2020-12-21 | 4.35 | 3.85 | 2021Q1  | ¥1,087.50  | ¥0.00      | ¥0.00     |
        | an individual's | ¥100,000.00   | 2020-12-21 | 4.35 | 3.85 | 2023Q1  | ¥1,087.50  | ¥0.00      | ¥725.00   |
        | an enterprise's | ¥2,000,000.00 | 2020-12-21 | 4.35 | 3.85 | 2021Q1  | ¥9,625.00  | ¥12,125.00 | ¥0.00     |
        | an individual's | ¥100,000.00   | 2021-12-21 | 5.15 | 3.65 | 2022Q1  | ¥750.00    | ¥537.50    | ¥0.00     |
        | an enterprise's | ¥4,000,000.00 | 2021-12-21 | 4.15 | 3.65 | 2022Q1  | ¥20,000.00 | ¥21,500.00 | ¥5,000.00 |

  Rule: Overdue days are never subsidised, and it resumes when all arrears are paid (R-SUB-4, R-SUB-13)

    Scenario: Eleven days late in April; in June the first working day after the Dragon Boat Festival was in time
      Given an individual's loan of ¥120,000.00 with interest every month was paid out on 2024-03-08 at 3.60 %, the LPR being 3.45 %
      And the borrower repaid ¥380.00 on 2024-04-20 under the bank's reference "R1"
      And the borrower repaid ¥380.00 on 2024-05-08 under the bank's reference "R2"
      And the borrower repaid ¥380.00 on 2024-06-11 under the bank's reference "R3"
      Then of 2024Q2 these days are subsidised, or not
        | 2024-03-21 | 2024-04-08 |         |
        | 2024-04-09 | 2024-04-19 | overdue |
        | 2024-04-20 | 2024-06-20 |         |

  Rule: A bank's quarter is calculated, confirmed by the bank, approved by the human resources office and by finance, and paid (先付后贴)

    Background:
      Given an individual's loan of ¥300,000.00 for 24 months was paid out on 2024-04-01 at 3.95 %, the LPR being 3.45 %
      And a subsidy fund that the city paid ¥5,000.00 into on 2024-06-21

    Scenario: What is granted is owed by the levels, and paid from the subsidy account
      When the batch of 2024Q2 is calculated on 2024-07-01
      And the batch is confirmed and approved on 2024-07-08
      Then book S says
        | S1001 subsidy cash        | ¥5,000.00  |
        | S1101 due from the budget | -¥3,666.87 |
        | S2001 subsidy payable     | -¥1,333.13 |
        | S4001 appropriation       | -¥1,333.13 |
        | S5001 subsidy expense     | ¥1,333.13  |
      When the batch is paid by the bank on 2024-07-10
      Then book S says
        | S1001 subsidy cash        | ¥3,666.87  |
        | S1101 due from the budget | -¥3,666.87 |
        | S4001 appropriation       | -¥1,333.13 |
        | S5001 subsidy expense     | ¥1,333.13  |
      And the register of subsidies says "paid" of the loan's 2024Q2

    Scenario: A disputed line holds the batch up until it is settled
      Given the batch of 2024Q2 is calculated on 2024-07-01
      And the bank disputes the loan's line on 2024-07-02
      When the bank confirms the batch on 2024-07-02
      Then it is refused because lines are disputed
      When the dispute is dismissed on 2024-07-03
      And the bank confirms the batch on 2024-07-03
      Then the register of subsidies says "confirmed" of the loan's 2024Q2

    Scenario: Nobody has two parts
      Given the batch of 2024Q2 is calculated on 2024-07-01
      When who calculated approves the batch on 2024-07-08
      Then it is refused because a batch goes step by step
      When the bank confirms the batch on 2024-07-03
      And who calculated approves the batch on 2024-07-08
      Then it is refused because a second person has to

    Scenario: A payment that comes back is owed again
      Given the batch of 2024Q2 is calculated on 2024-07-01
      And the batch is confirmed and approved on 2024-07-08
      And the batch is paid by the bank on 2024-07-10
      When the loan's payment comes back on 2024-07-15
      Then the register of subsidies says "approved" of the loan's 2024Q2

  Rule: What should not have been granted is clawed back, from the first bad day, into the levels that paid (R-SUB-14)

    Background:
      Given an individual's loan of ¥300,000.00 for 24 months was paid out on 2024-04-01 at 3.95 %, the LPR being 3.45 %
      And a subsidy fund that the city paid ¥5,000.00 into on 2024-06-21
      And the batch of 2024Q2 is calculated on 2024-07-01
      And the batch is confirmed and approved on 2024-07-08

    Scenario: Employed since 21 May: of 81 days 31 go back, split as they were granted
      Given the batch is paid by the bank on 2024-07-10
      When the loan's subsidy is stopped from 2024-05-21
      And what was granted too much is clawed back on 2024-08-01
      And ¥510.21 of it comes in on 2024-08-20
      Then these levels are held money for
        | central  | ¥153.06 |
        | province | ¥153.06 |
        | city     | ¥102.05 |
        | county   | ¥102.04 |

    Scenario: What is not paid yet is not paid any more
      When the loan's subsidy is stopped from 2024-05-21
      And what was granted too much is clawed back on 2024-08-01
      And the batch is paid by the bank on 2024-08-02
      Then book S says
        | S1001 subsidy cash        | ¥4,177.08  |
        | S1101 due from the budget | -¥4,177.08 |
        | S4001 appropriation       | -¥822.92   |
        | S5001 subsidy expense     | ¥822.92    |

    Scenario: Without a finding nothing is clawed back
      When what was granted too much is clawed back on 2024-08-01
      Then it is refused because nothing was granted too much
