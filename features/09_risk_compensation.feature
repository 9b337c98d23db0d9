Feature: Risk compensation (风险补偿与代偿)
  A loan that is overdue for more than 90 days and not recovered is claimed by its bank. Fund, bank and guarantee company share what is
  covered by the scheme that the loan pinned (政银担 9/30/61), each fen once; nobody decides alone and nothing is paid twice.

  Background:
    Given today is 2025-12-31
    And the guarantee fund is open
    And a loan of ¥300,000.00 at 3.95 % was paid out on 2024-03-05
    And the borrower repaid ¥122,739.13 on 2025-01-05

  Rule: More than 90 days after the oldest unpaid due date (逾期九十日以上)

    Scenario Outline: Day 90 is too early, day 91 is not
      When the bank files a claim on <day>
      Then it is <answer>

      Examples:
        | day        | answer                                        |
        | 2025-03-05 | refused: the loan is not overdue for so long  |
        | 2025-06-03 | refused: the loan is not overdue for so long  |
        | 2025-06-04 | recorded                                      |

    Scenario: A payment that does not clear the oldest item does not begin the count anew
      Given the borrower repaid ¥12.09 on 2025-06-03
      When the bank files a claim on 2025-06-04
      Then the claim is for ¥187,333.37 of principal and ¥3,071.11 of interest

    Scenario: What a fund bears is claimed from it, not charged to it
      When the bank charges off ¥177,260.87 on 2025-06-04 for the guarantors to bear
      Then it is refused: it has to be claimed
      When the bank charges off ¥100,000.00 on 2025-06-04
      Then it is recorded

    Scenario: One claim at a time
      Given the bank filed a claim on 2025-06-04
      When the bank files another claim on 2025-06-05
      Then it is refused: the loan has a claim

    Scenario: What was rejected may be filed anew
      Given the bank filed a claim on 2025-06-04
      And the claim was rejected on 2025-06-10, because the guarantor was released
      When the bank files another claim on 2025-06-20
      Then it is recorded

    Scenario: The package is whole
      When the bank files a claim on 2025-06-04 without the proof of dunning
      Then it is refused: a document is missing

  Rule: Everybody decides for themselves, and somebody else each time (会签)

    Background:
      Given the borrower repaid ¥12.09 on 2025-06-03
      And the bank filed a claim on 2025-06-04

    Scenario: The worked example, to the fen
      Given the claim was verified on 2025-06-09
      And bank and guarantee company confirmed on 2025-06-10
      And finance, pboc and hr endorsed on 2025-06-11
      When guarantee company and fund pay on 2025-06-20
      Then the shares are
        | party             | share       | paid        |
        | fund              | ¥17,136.40  | ¥17,136.40  |
        | bank              | ¥57,121.35  | ¥57,121.35  |
        | guarantee company | ¥116,146.73 | ¥116,146.73 |
      And the guarantees of the loan are
        | on         | outstanding | fund stands for | guarantee company stands for |
        | 2025-06-10 | ¥187,333.37 | ¥16,860.00      | ¥114,273.36                  |
        | 2025-06-11 | ¥187,333.37 | ¥0.00           | ¥0.00                        |
        | 2025-06-20 | ¥0.00       | ¥0.00           | ¥0.00                        |
      And the loan is taken over

    Scenario: Returned for what is missing, and handed in again
      Given the materials were returned on 2025-06-05 for the proof of dunning
      When the claim is verified on 2025-06-06
      Then it is refused: the claim does not stand so
      Given the bank handed in the proof of dunning on 2025-06-06
      When the claim is verified on 2025-06-09
      Then it is recorded

    Scenario: While it is disputed nothing is approved
      Given the claim was verified on 2025-06-09
      And the guarantee company disputed it on 2025-06-10, because the dunning was late
      When hr endorses on 2025-06-10
      Then it is refused: the claim does not stand so

    Scenario: Disputed, and honoured in part
      Given the claim was verified on 2025-06-09
      And the guarantee company disputed it on 2025-06-10, because the dunning was late
      And the dispute was upheld on 2025-06-11
      And ¥187,333.37 of principal and ¥0.00 of interest were verified on 2025-06-12, because the dunning was late
      And bank and guarantee company confirmed on 2025-06-13
      When hr, finance and pboc endorse on 2025-06-13
      Then the claim covers ¥187,333.37

    Scenario: Nobody says yes twice
      Given the claim was verified on 2025-06-09
      When hr endorses as who verified on 2025-06-10
      Then it is refused: the same person acted before

    Scenario: A party confirms its own share
      Given the claim was verified on 2025-06-09
      When the bank confirms the share of the guarantee company on 2025-06-10
      Then it is refused: the role does not allow it

  Rule: The scheme's route says who pays the bank (不重复支付)

    Scenario: Nobody pays a share twice
      Given an approved claim of ¥190,404.48
      And the fund paid on 2025-06-20
      When the fund pays on 2025-06-21
      Then it is refused: the share is paid already

    Scenario: The guarantee company advances the fund's share and is refunded
      Given an approved claim of ¥190,404.48 by the route "guarantor_advances"
      When the fund pays on 2025-06-20
      Then it is refused: nothing was advanced yet
      Given the guarantee company paid on 2025-06-20
      When the fund pays on 2025-06-21
      Then the payments are
        | from              | to                | amount      |
        | guarantee company | bank              | ¥133,283.13 |
        | fund              | guarantee company | ¥17,136.40  |

  Rule: What the borrower pays before the shares are paid lowers the claim; after that it is everybody's (先还款后代偿)

    Background:
      Given an approved claim of ¥190,404.48

    Scenario: A repayment lowers every share
      When the borrower repays ¥90,404.48 on 2025-06-15
      Then the claim covers ¥100,000.00

    Scenario: All is repaid, and the claim lapses
      When the borrower repays ¥190,404.48 on 2025-06-15
      Then the claim is lapsed
      And the loan is settled

    Scenario: After the payment it is a recovery
      Given guarantee company and fund paid on 2025-06-20
      When the borrower repays ¥90,404.48 on 2025-06-21
      Then it is refused: it is a recovery
