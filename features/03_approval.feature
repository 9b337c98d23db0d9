Feature: Approval (审批)
  When all three concur somebody who made none of the reviews decides. A refusal tells every reason; an approval that is not used
  lapses; a contract pins rate, policy and risk shares on the day on which it is signed.

  Background:
    Given today is 2025-06-30
    And Jining's policy is published
    And Zhang's application was accepted on 2025-03-03

  Rule: Only when all concur, and by somebody else

    Scenario: A review is missing
      Given the eligibility review passed on 2025-03-04
      And the credit review passed on 2025-03-04
      When the application is approved on 2025-03-05
      Then it is refused: a review is missing

    Scenario: Approved
      Given all three reviews passed on 2025-03-04
      When the application is approved on 2025-03-05
      Then the application is approved
      And it waits for the contract

    Scenario: Nobody approves what they reviewed
      Given all three reviews passed on 2025-03-04
      When the reviewer of eligibility approves it on 2025-03-05
      Then it is refused: the same person acted before

    Scenario: Whoever stood for the loan was let go after the reviews
      Given all three reviews passed on 2025-03-04
      And whoever stood for the loan was released on 2025-03-04
      When the application is approved on 2025-03-05
      Then it is refused: nothing stands for the loan

    Scenario: Not a fen more than was reviewed
      Given the bank allows at most ¥150,000.00 and all three reviews passed on 2025-03-04
      When ¥150,000.01 is approved on 2025-03-05
      Then it is refused: it is more than was reviewed

    Scenario: Every condition is known when the contract is signed (附加条件)
      Given the bank asks for "a statement every quarter" and all three reviews passed on 2025-03-04
      And the application was approved on 2025-03-05 provided that "the lease is renewed"
      When the contract is signed on 2025-03-10
      Then it is signed under "a statement every quarter" and "the lease is renewed"

  Rule: A refusal tells every reason (不予通过)

    Scenario: With the findings of the reviews
      Given the bank found LPR + 60 bp too much on 2025-03-04
      When the application is rejected on 2025-03-05
      Then the application is rejected
      And the reason is "refused: LPR + 60 bp exceeds the cap of LPR + 50 bp, edition jining_2024 (财金〔2023〕75号; 山东省创业担保贷款实施办法（2023年12月修订）), rule R-INT-3, assumed until the city confirms it"

    Scenario: Resubmitted by the same applicant
      Given the bank found LPR + 60 bp too much on 2025-03-04
      And the application was rejected on 2025-03-05
      When Zhang submits it anew on 2025-03-10
      Then the application is submitted

  Rule: An approval is used in time, once (签约)

    Background:
      Given all three reviews passed on 2025-03-04
      And the application was approved on 2025-03-05

    Scenario: The contract pins the day's LPR, the policy and the shares
      When the contract is signed on 2025-03-10
      Then the loan runs at 3.60 % a year
      And it is shared 9/30/61
      And it pins the edition "jining_2024"

    Scenario: Nothing stands for the loan any more
      Given whoever stood for the loan was released on 2025-03-06
      When the contract is signed on 2025-03-10
      Then it is refused: nothing stands for the loan

    Scenario: Whoever stands for a loan does so until nothing is owed (解除反担保)
      Given the contract was signed on 2025-03-10
      When whoever stands for the loan is released on 2025-03-11
      Then it is refused: the loan is not over

    Scenario: Free when the loan is settled
      Given the contract was signed on 2025-03-10
      And the bank paid out ¥200,000.00 of it on 2025-03-12
      And the borrower repaid all of it on 2025-03-20
      When whoever stands for the loan is released on 2025-03-20
      Then nobody stands for the loan any more

    Scenario: After its last day
      When the contract is signed on 2025-06-04
      Then it is refused: the approval has lapsed

    Scenario: A contract and its first payout
      Given the contract was signed on 2025-03-10
      When the bank pays out ¥200,000.00 of it on 2025-03-12
      Then ¥200,000.00 of the loan is outstanding
      And the household may apply again

  Rule: At most three loans a person (累计不超过三次)

    Scenario: A fourth is refused
      Given Zhang has had three guaranteed loans
      When human resources look at eligibility on 2025-03-05
      Then the eligibility review is rejected
      And the reason is "refused: 3 guaranteed loans before this one are as many as the 3 that are allowed, edition jining_2024 (财金〔2023〕75号; 山东省创业担保贷款实施办法（2023年12月修订）), rule R-LIM-6"

    Scenario: A second while the first is owed (按期还清)
      Given Zhang has a guaranteed loan that was paid out on 2025-03-04
      When human resources look at eligibility on 2025-03-05
      Then the eligibility review is rejected
      And the reason is "refused: 1 guaranteed loans before this one are not repaid, edition jining_2024 (财金〔2023〕75号; 山东省创业担保贷款实施办法（2023年12月修订）), rule R-LIM-6"
