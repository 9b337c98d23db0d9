Feature: Repayment (还款)
  A borrower pays the handling bank. Interest is met first, then principal; interest runs by actual days of 360.
  A payment counts from its own day, whenever it becomes known. What is lost is shared 9/30/61, and so is what comes back.

  Background:
    Given today is 2025-12-31
    And a loan of ¥300,000.00 at 3.95 % was paid out on 2024-03-05

  Rule: Interest is met first, then principal (先息后本)

    Scenario: The first day counts and the last does not
      Then the interest due is
        | on         | interest   |
        | 2024-03-05 | ¥0.00      |
        | 2024-03-06 | ¥32.92     |
        | 2024-04-04 | ¥987.50    |
        | 2025-02-28 | ¥11,850.00 |

    Scenario Outline: A payment is divided
      When the borrower repays <amount> on 2024-04-04
      Then the payments stand as
        | date       | paid     | interest   | principal   | refundable   |
        | 2024-04-04 | <amount> | <interest> | <principal> | <refundable> |

      Examples:
        | amount      | interest | principal   | refundable |
        | ¥987.49     | ¥987.49  | ¥0.00       | ¥0.00      |
        | ¥987.51     | ¥987.50  | ¥0.01       | ¥0.00      |
        | ¥300,987.50 | ¥987.50  | ¥300,000.00 | ¥0.00      |
        | ¥301,000.00 | ¥987.50  | ¥300,000.00 | ¥12.50     |

    Scenario: Before anything is paid out nothing is repaid
      Given a contract of ¥50,000.00 was signed on 2024-03-01
      When the borrower repays ¥1.00 on 2024-04-04
      Then it is refused: nothing was paid out

    Scenario: The same payment sent twice
      Given the borrower repaid ¥1,000.00 on 2024-04-04 under the bank's reference "H24040400003"
      When the borrower repays ¥1,000.00 on 2024-04-04 under the bank's reference "H24040400003"
      Then it is refused: the bank's reference is recorded already

  Rule: The last fen settles the loan (结清)

    Scenario Outline: Nothing but the last fen settles it
      Given the borrower repaid <first> on 2024-04-04
      When the borrower repays <last> on 2024-04-04
      Then the loan is <state>

      Examples:
        | first       | last  | state   |
        | ¥300,987.48 | ¥0.01 | running |
        | ¥300,987.49 | ¥0.01 | settled |
        | ¥300,987.49 | ¥5.00 | settled |

  Rule: Exposure falls by the difference of shares (担保责任余额)

    Scenario: A part of the principal is repaid
      When the borrower repays ¥113,654.13 on 2024-04-04
      Then ¥187,333.37 is outstanding
      And the fund answers for ¥16,860.00 and the guarantee company for ¥114,273.36

  Rule: A payment that becomes known late counts from its own day, and only from there (补录)

    Scenario: A payment of July is recorded after that of September
      Given the borrower repaid ¥100,000.00 on 2024-06-03
      And the borrower repaid ¥50,000.00 on 2024-09-01
      When the borrower repays ¥50,000.00 on 2024-07-03
      Then the payments stand as
        | date       | paid        | interest  | principal  | refundable |
        | 2024-06-03 | ¥100,000.00 | ¥2,962.50 | ¥97,037.50 | ¥0.00      |
        | 2024-07-03 | ¥50,000.00  | ¥668.08   | ¥49,331.92 | ¥0.00      |
        | 2024-09-01 | ¥50,000.00  | ¥1,011.41 | ¥48,988.59 | ¥0.00      |
      And ¥202,962.50 was outstanding on 2024-07-02

    Scenario: One person alone does not change what later payments have met
      Given the borrower repaid ¥50,000.00 on 2024-09-01
      When teller Li alone records that the borrower repaid ¥50,000.00 on 2024-07-03
      Then it is refused: two people say why it is late

  Rule: Two people take a payment back, and say why (还款冲正)

    Background:
      Given the borrower repaid ¥300,987.50 on 2024-04-04

    Scenario: A returned cheque reopens a settled loan
      When teller Li takes the payment of 2024-04-04 back on 2024-04-20 with supervisor Wang, because the cheque was returned
      Then ¥300,000.00 is outstanding
      And the loan is running
      And the fund answers for ¥27,000.00 and the guarantee company for ¥183,000.00
      And the loan was running on 2024-04-19

    Scenario: Nobody confirms their own request
      When teller Li takes the payment of 2024-04-04 back on 2024-04-20 with supervisor Li, because the cheque was returned
      Then it is refused: a second person has to confirm
      And the loan is settled

    Scenario: A payment is taken back once
      Given teller Li took the payment of 2024-04-04 back on 2024-04-20 with supervisor Wang, because the cheque was returned
      When teller Li takes the payment of 2024-04-04 back on 2024-04-21 with supervisor Wang, because of a mistake
      Then it is refused: it was taken back already

  Rule: A loan is overdue from the day after the due date (逾期)

    Scenario: The due date itself is not overdue
      Given the days 2025-03-05 and 2025-03-06 were closed
      When the borrower repays ¥313,000.00 on 2025-03-20
      Then the loan is settled
      And the loan was running on 2025-03-05
      And the loan was overdue on 2025-03-19

    Scenario: Paying the first of twelve instalments late
      Given a loan of ¥120,000.00 at 3.95 % in 12 instalments was paid out on 2024-03-05
      And the day 2024-04-06 was closed
      And the borrower repaid ¥10,500.00 on 2024-04-20
      When the day 2024-04-20 is closed
      Then the loan is running
      And the loan was overdue on 2024-04-19

  Rule: A payment meets costs first, then penalty, what is overdue, and what is due (费用、分配顺序)

    Background:
      Given a loan of ¥12,000.00 at 3.6 % in 12 equal parts of principal was paid out on 2024-03-05

    Scenario: A notary's letter
      Given the bank charged a cost of ¥200.00 on 2024-04-12, because a notary wrote to the borrower
      When the borrower repays ¥1,237.20 on 2024-04-20
      Then the account to 2024-04-30 reads
        | date       | what     | due       | paid       | balance    |
        | 2024-03-05 | paid out |           | ¥12,000.00 | ¥12,000.00 |
        | 2024-04-05 | fell due | ¥1,037.20 |            | ¥12,000.00 |
        | 2024-04-12 | cost     | ¥200.00   |            | ¥12,000.00 |
        | 2024-04-20 | repaid   |           | ¥1,237.20  | ¥11,002.33 |
      And between 2024-04-05 and 2024-04-20 what is owed differs because
        | day        | because        | owed before | owed after |
        | 2024-04-06 | became overdue | ¥12,037.20  | ¥12,038.46 |
        | 2024-04-12 | interest ran   | ¥12,038.46  | ¥12,045.99 |
        | 2024-04-12 | was charged    | ¥12,045.99  | ¥12,245.99 |
        | 2024-04-20 | interest ran   | ¥12,245.99  | ¥12,256.03 |
        | 2024-04-20 | was paid       | ¥12,256.03  | ¥11,018.83 |

    Scenario: What is paid beyond is given back
      Given the borrower repaid ¥12,500.00 on 2024-04-05
      When the bank refunds ¥462.80 on 2024-04-08
      Then the account to 2024-04-30 reads
        | date       | what     | due       | paid       | balance    |
        | 2024-03-05 | paid out |           | ¥12,000.00 | ¥12,000.00 |
        | 2024-04-05 | fell due | ¥1,037.20 |            | ¥12,000.00 |
        | 2024-04-05 | repaid   |           | ¥12,500.00 | ¥0.00      |
        | 2024-04-08 | refunded |           | ¥462.80    | ¥0.00      |
      And the loan is settled

  Rule: A payment of the wrong day, and what the bank does without, are put right by two (起息日更正、减免)

    Background:
      Given a loan of ¥12,000.00 at 3.6 % in 12 equal parts of principal was paid out on 2024-03-05
      And the borrower repaid ¥1,037.20 on 2024-04-25

    Scenario: The bank's system was down for twenty days
      Then the account to 2024-04-30 reads
        | date       | what     | due       | paid       | balance    |
        | 2024-03-05 | paid out |           | ¥12,000.00 | ¥12,000.00 |
        | 2024-04-05 | fell due | ¥1,037.20 |            | ¥12,000.00 |
        | 2024-04-25 | repaid   |           | ¥1,037.20  | ¥11,003.11 |
      When the payment of 2024-04-25 is corrected to 2024-04-05, because the system was down
      Then the account to 2024-04-30 reads
        | date       | what     | due       | paid       | balance    |
        | 2024-03-05 | paid out |           | ¥12,000.00 | ¥12,000.00 |
        | 2024-04-05 | fell due | ¥1,037.20 |            | ¥12,000.00 |
        | 2024-04-05 | repaid   |           | ¥1,037.20  | ¥11,000.00 |
      And nothing is overdue on 2024-04-30

    Scenario: The bank does without what its delay has cost
      When the bank waives ¥2.33 of penalty on 2024-04-20, because the delay was the bank's
      Then the account to 2024-04-30 reads
        | date       | what     | due       | paid       | balance    |
        | 2024-03-05 | paid out |           | ¥12,000.00 | ¥12,000.00 |
        | 2024-04-05 | fell due | ¥1,037.20 |            | ¥12,000.00 |
        | 2024-04-20 | waived   |           | ¥2.33      | ¥12,000.00 |
        | 2024-04-25 | repaid   |           | ¥1,037.20  | ¥11,000.78 |

    Scenario: What was paid already is not done without
      When the bank waives ¥3.11 of penalty on 2024-04-25, because the delay was the bank's
      Then it is refused: so much is not owed to be waived

  Rule: A loss is shared by fund, bank and guarantee company to the fen (代偿与追偿)

    Scenario: The loss and two recoveries
      Given a loan of ¥190,404.48 at 3.95 % was paid out on 2024-03-05
      And earlier records say that the bank charged off ¥190,404.48 on 2025-03-10 and the claim was shared
      And ¥51,260.07 was recovered on 2025-06-10 at a cost of ¥1,260.00
      When ¥12,345.29 is recovered on 2025-09-10 at a cost of ¥0.00
      Then the claim stands as
        | party             | bore        | recovered first | recovered last | recovered in all |
        | fund              | ¥17,136.40  | ¥4,500.01       | ¥1,111.07      | ¥5,611.08        |
        | bank              | ¥57,121.35  | ¥15,000.02      | ¥3,703.59      | ¥18,703.61       |
        | guarantee company | ¥116,146.73 | ¥30,500.04      | ¥7,530.63      | ¥38,030.67       |

    Scenario: Nobody loses more than is owed nor recovers more than was lost
      When the bank charges off ¥300,000.01 on 2025-03-10
      Then it is refused: so much is not owed
