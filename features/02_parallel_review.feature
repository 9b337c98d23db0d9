Feature: Parallel review (并联审核)
  Human resources look at eligibility, the guarantor at the business, the bank at the credit: at the same time, in any order, each in
  its own name. Every rule that was looked at is told, with its figures, its article and its source.

  Background:
    Given today is 2025-06-30
    And Jining's policy is published
    And Zhang's application was accepted on 2025-03-03

  Rule: In any order, and it is known who waits on whom

    Scenario Outline: Every order leads to the approver
      Given the <first> review passed on 2025-03-04
      And the <second> review passed on 2025-03-04
      And it waits for the <third>
      When the <third> review passes on 2025-03-05
      Then it waits for the approver

      Examples:
        | first       | second      | third       |
        | eligibility | guarantee   | credit      |
        | eligibility | credit      | guarantee   |
        | guarantee   | eligibility | credit      |
        | guarantee   | credit      | eligibility |
        | credit      | eligibility | guarantee   |
        | credit      | guarantee   | eligibility |

    Scenario: A review is made once
      Given the credit review passed on 2025-03-04
      When the credit review passes on 2025-03-05
      Then it is refused: the review was made already

    Scenario: Each by its own institution
      When the credit review is made by another bank on 2025-03-04
      Then it is refused: the review belongs to another institution

  Rule: Nobody passes what a rule refuses (理由可说明)

    Scenario: A rate above the cap
      When the bank grants LPR + 51 bp on 2025-03-04
      Then the credit review is rejected
      And the reason is "refused: LPR + 51 bp exceeds the cap of LPR + 50 bp, edition jining_2024 (财金〔2023〕75号; 山东省创业担保贷款实施办法（2023年12月修订）), rule R-INT-3, assumed until the city confirms it"

    Scenario: Two clerks cannot be talked into it
      When the bank insists on passing LPR + 51 bp on 2025-03-04
      Then it is refused: a rule speaks against it

    Scenario: Whoever refuses of their own says why
      When the guarantor rejects without a word on 2025-03-04
      Then it is refused: there is no reason

  Rule: Somebody stands for the loan, or need not (反担保)

    Scenario: A person stands for one loan at a time
      When the spouse stands for Wang's application and then for Zhang's on 2025-03-04
      Then it is refused: the guarantor has no room

    Scenario: The borrower's own household does not stand for the borrower
      When the spouse of Zhang stands for it as "employee" on 2025-03-04
      Then it is refused: it cannot be what it is said to be

    Scenario: A thing has to be worth the loan
      Given things worth ¥199,999.99 stand for the loan since 2025-03-04
      When the guarantor looks at what stands for it on 2025-03-04
      Then the guarantee review is rejected

    Scenario: Whoever guaranteed a loan that went overdue stands for no other
      Given Wang stood for a loan that went overdue and was settled
      When the guarantee review is made with Wang on 2025-06-02
      Then the guarantee review is rejected

    Scenario: The guarantor looks for a counter-guarantee
      When the guarantor looks without any counter-guarantee on 2025-03-04
      Then the guarantee review is rejected
