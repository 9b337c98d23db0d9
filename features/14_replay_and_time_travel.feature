Feature: Replay and time travel (重放与时点查询)
  Every fact has two times: the day it counts from, and the place in the record at which it became known.
  Both can be asked about. Whatever people read is worked out from the facts, and can be worked out again.

  Background:
    Given today is 2025-06-30
    And a loan of ¥300,000.00 at 3.95 % was paid out on 2024-03-05
    And the borrower repaid ¥100,000.00 on 2024-06-03
    And the auditor drew a report named "first"

  Rule: As of a day, what is dated later has not happened (截至某日)

    Scenario: The loan on a day
      Then the loan was
        | on         | outstanding | state       |
        | 2024-03-04 | ¥0.00       | signed only |
        | 2024-03-05 | ¥300,000.00 | running     |
        | 2024-06-02 | ¥300,000.00 | running     |
        | 2024-06-03 | ¥202,962.50 | running     |
        | 2025-06-30 | ¥202,962.50 | running     |

    Scenario: Before the contract there is no loan
      Then nothing of the loan was there on 2024-02-29

  Rule: A late fact is invisible to whoever asked before, and stands at its own day for whoever asks later (补录)

    Scenario: Both times at once
      Given the borrower repaid ¥50,000.00 on 2024-09-01
      And the auditor drew a report named "second"
      When the borrower repays ¥50,000.00 on 2024-07-03
      And the auditor draws a report named "third"
      Then what was outstanding on a day is, by each report
        | on         | first       | second      | third       |
        | 2024-06-02 | ¥300,000.00 | ¥300,000.00 | ¥300,000.00 |
        | 2024-06-30 | ¥202,962.50 | ¥202,962.50 | ¥202,962.50 |
        | 2024-07-03 | ¥202,962.50 | ¥202,962.50 | ¥153,630.58 |
        | 2024-09-01 | ¥202,962.50 | ¥154,966.75 | ¥104,641.99 |

    Scenario: A report can be drawn again as it was by its time
      When the borrower repays ¥200,000.00 on 2024-06-03
      Then by the time of the first report ¥202,962.50 is outstanding
      And ¥2,962.50 is outstanding

    Scenario: A reversal does not rewrite what was known
      When teller Li takes the payment of 2024-06-03 back on 2024-06-20 with supervisor Wang, because the cheque was returned
      Then by the first report ¥202,962.50 was outstanding on 2024-06-30
      And ¥300,000.00 was outstanding on 2024-06-30

    Scenario: Before anything was recorded nothing was known
      Then before the record began nothing of the loan was there on 2025-06-30

  Rule: What differs between two reports is told fact by fact and day by day (差异说明)

    Background:
      Given a loan of ¥12,000.00 at 3.6 % in 12 equal parts of principal was paid out on 2024-03-05
      And the auditor drew a report named "early"

    Scenario: A payment that the first report did not know
      When the borrower repays ¥1,037.20 on 2024-04-05
      And the auditor draws a report named "late"
      Then by the early report the account to 2024-04-30 reads
        | date       | what     | due       | paid       | balance    |
        | 2024-03-05 | paid out |           | ¥12,000.00 | ¥12,000.00 |
        | 2024-04-05 | fell due | ¥1,037.20 |            | ¥12,000.00 |
      And by the late report the account to 2024-04-30 reads
        | date       | what     | due       | paid       | balance    |
        | 2024-03-05 | paid out |           | ¥12,000.00 | ¥12,000.00 |
        | 2024-04-05 | fell due | ¥1,037.20 |            | ¥12,000.00 |
        | 2024-04-05 | repaid   |           | ¥1,037.20  | ¥11,000.00 |
      And between the early and the late report what was owed on 2024-04-30 differs because
        | day        | because      | owed before | owed after |
        | 2024-04-05 | became known | ¥12,068.59  | ¥11,027.50 |

    Scenario: The days go by
      Given the borrower repaid ¥500.00 on 2024-04-20
      Then between 2024-04-01 and 2024-05-10 what is owed differs because
        | day        | because        | owed before | owed after |
        | 2024-04-05 | fell due       | ¥12,032.40  | ¥12,037.20 |
        | 2024-04-06 | became overdue | ¥12,037.20  | ¥12,038.46 |
        | 2024-04-20 | interest ran   | ¥12,038.46  | ¥12,056.03 |
        | 2024-04-20 | was paid       | ¥12,056.03  | ¥11,556.03 |
        | 2024-05-05 | fell due       | ¥11,556.03  | ¥11,573.75 |
        | 2024-05-07 | became overdue | ¥11,573.75  | ¥11,576.22 |
        | 2024-05-10 | interest ran   | ¥11,576.22  | ¥11,579.93 |

  Rule: What was decided is recorded once, however often it is sent (幂等)

    Scenario: The same request again
      Given the bank sent the request "A-17" to record a repayment of ¥50,000.00 on 2024-09-01
      When the bank sends the request "A-17" to record a repayment of ¥50,000.00 on 2024-09-01
      Then it is recorded already, and the answer is the first one
      And ¥154,966.75 is outstanding

    Scenario: Another request under the same name
      Given the bank sent the request "A-17" to record a repayment of ¥50,000.00 on 2024-09-01
      When the bank sends the request "A-17" to record a repayment of ¥60,000.00 on 2024-09-01
      Then it is refused: the name belongs to another request
      And ¥154,966.75 is outstanding

    Scenario: What was refused may be tried again under its name
      Given the bank sent the request "A-18" to record a repayment of ¥50,000.00 on 2025-07-01, in vain
      And today is 2025-07-01
      When the bank sends the request "A-18" to record a repayment of ¥50,000.00 on 2025-07-01
      Then it is recorded

  Rule: Every paper can be thrown away and made again from the facts (重建)

    Background:
      Given the borrower repaid ¥50,000.00 on 2024-09-01
      And the borrower repaid ¥50,000.00 on 2024-07-03
      And teller Li took the payment of 2024-09-01 back on 2024-09-20 with supervisor Wang, because the cheque was returned

    Scenario: What is made again is what was there
      When every paper is made again from the facts
      Then each of them is the same to the byte
      And ¥153,630.58 is outstanding

    Scenario: What somebody altered by hand is found, and put right
      Given somebody altered the loan book by hand so that ¥0.00 is outstanding
      When every paper is made again from the facts
      Then the loan book is found to differ
      And ¥153,630.58 is outstanding

    Scenario: Facts that come after a paper was made again are in it too
      Given every paper was made again from the facts
      When the borrower repays ¥10,000.00 on 2024-07-03
      Then ¥143,630.58 is outstanding

  Rule: Another computer reads the same history (重放)

    Scenario: A fresh process replays the facts
      Given earlier records say that the bank charged off ¥100,000.00 on 2025-01-10 and the claim was shared
      When the history is replayed by a fresh process
      Then the loan and the claim are the same there as here
