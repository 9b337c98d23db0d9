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
