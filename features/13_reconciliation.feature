Feature: Bank statements and reconciliation 银行对账
  The bank's statement is taken in with its proofs, matched with the books, and every difference is named: bank closing − ledger closing is
  the sum of the breaks, to the fen, or the reconciliation has failed. Source: evidence.md §5.

  Background:
    Given the fund has its account at the bank in the books

  Rule: A statement is taken in once, with its proofs

    Scenario: The same file again adds nothing
      Given the bank booked ¥120.00 on 2025-03-21 with its number S-1
      When finance takes in the bank's statement
      Then it is recorded
      And the account has 2 lines and 0 proofs that do not hold
      When finance takes in the bank's statement
      Then nothing more is recorded
      And the account has 2 lines and 0 proofs that do not hold

    Scenario: A statement of another account is kept and counts for nothing
      When finance takes in a statement of another account
      Then it is recorded
      And the account has 0 lines and 1 proofs that do not hold

  Rule: What agrees is matched, what does not is a break with its class

    Scenario: Everything agrees
      Given the books have ¥120.00 of interest on 2025-03-21 with the bank's number S-1
      And the bank booked ¥120.00 on 2025-03-22 with its number S-1
      And finance has taken in the bank's statement
      Then up to 2025-03-31 the bank has ¥5,000,120.00, the books ¥5,000,120.00, and the breaks explain all of it
      And up to 2025-03-31 there is no break

    Scenario Outline: The bank has something that the books do not have
      Given the bank <does> ¥<amount> on 2025-03-21 saying <text>
      And finance has taken in the bank's statement
      Then up to 2025-03-31 there is a break <class> of ¥<amount>, for the <owner> to see to

      Examples:
        | does   | amount | text   | class        | owner           |
        | booked | 120.00 | 结息   | INTEREST     | finance_officer |
        | kept   | 5.00   | 手续费 | FEE          | finance_officer |
        | booked | 88.00  | 往来款 | UNKNOWN_BANK | fund_officer    |

    Scenario: The books have something that the bank does not have yet, and then has not at all
      Given the books have ¥120.00 of interest on 2025-03-21 with the bank's number S-1
      And finance has taken in the bank's statement
      Then up to 2025-03-31 there is a break TIMING_IN_TRANSIT of ¥120.00, for the bank_officer to see to
      And up to 2025-04-30 there is a break MISSING_IN_BANK of ¥120.00, for the fund_officer to see to
      And up to 2025-04-30 the bank has ¥5,000,000.00, the books ¥5,000,120.00, and the breaks explain all of it

    Scenario: The amounts differ
      Given the books have ¥120.00 of interest on 2025-03-21 with the bank's number S-1
      And the bank booked ¥210.00 on 2025-03-21 with its number S-1
      And finance has taken in the bank's statement
      Then up to 2025-03-31 there is a break AMOUNT_DIFF of ¥90.00, for the fund_officer to see to

    Scenario: The bank sent a payment twice
      Given the books have ¥120.00 of interest on 2025-03-21 with the bank's number S-1
      And the bank booked ¥120.00 on 2025-03-21 with its number S-1
      And the bank booked ¥120.00 on 2025-03-21 with its number S-1
      And finance has taken in the bank's statement
      Then up to 2025-03-31 there is a break DUPLICATE_BANK of ¥120.00, for the bank_officer to see to

  Rule: What no rule can tell is matched by two people

    Scenario: A payment without a number
      Given the books have ¥120.00 of interest on 2025-03-21 with the bank's number S-1
      And the bank booked ¥120.00 on 2025-03-25 saying 往来款
      And finance has taken in the bank's statement
      When finance matches the line of ¥120.00 with the entry of ¥120.00 alone
      Then it is refused: a second person has to match
      When finance matches the line of ¥120.00 with the entry of ¥120.00 and the head of finance
      Then it is recorded
      And up to 2025-03-31 there is no break

    Scenario: Sums that differ are not matched
      Given the books have ¥120.00 of interest on 2025-03-21 with the bank's number S-1
      And the bank booked ¥121.00 on 2025-03-25 saying 往来款
      And finance has taken in the bank's statement
      When finance matches the line of ¥121.00 with the entry of ¥120.00 and the head of finance
      Then it is refused: the sums differ
