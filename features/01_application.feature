Feature: Application (创业担保贷款申请)
  A citizen asks for a guaranteed loan at the hall, at any bank outlet or online. Documents are electronic, figures are fetched
  where an office has them already, and from the day on which nothing is missing the clock of working days runs.

  Background:
    Given today is 2025-06-30
    And Jining's policy is published

  Rule: Whoever is eligible may ask at any door (大厅、银行直贷、网上)

    Scenario Outline: The three doors
      When Zhang asks for ¥200,000.00 over 24 months through the <door> on 2025-03-03
      Then the application is submitted
      And it waits for the intake

      Examples:
        | door   |
        | hall   |
        | outlet |
        | online |

    Scenario: One live application a household (一户一笔在办)
      Given Zhang asked for ¥200,000.00 over 24 months on 2025-03-03
      When the spouse of Zhang asks for ¥100,000.00 over 12 months on 2025-03-04
      Then it is refused: the household has an open application

    Scenario: An application that has ended makes room for another
      Given Zhang asked for ¥200,000.00 over 24 months on 2025-03-03
      And Zhang withdrew the application on 2025-03-04
      When the spouse of Zhang asks for ¥100,000.00 over 12 months on 2025-03-05
      Then the application is submitted

    Scenario: What no policy knows cannot be asked for
      When Zhang asks for the package "moonshot" on 2025-03-03
      Then it is refused: it cannot be what it is said to be

  Rule: Nothing is accepted with something missing (受理)

    Background:
      Given Zhang asked for ¥200,000.00 over 24 months on 2025-03-03

    Scenario: Documents and figures first
      When the clerk accepts the application on 2025-03-03
      Then it is refused: something is missing

    Scenario: The clock starts on the day of acceptance and knows the make-up days (调休)
      Given the documents and the figures are there on 2025-04-24
      When the clerk accepts the application on 2025-04-24
      Then the application is in review
      And it is due on 2025-05-19

    Scenario: A document that is not what its name says
      When the clerk adds a program as "form.pdf" on 2025-03-03
      Then it is refused: the document is not what its name says

  Rule: Figures are fetched with consent, and a silent source stops nobody (数据共享)

    Background:
      Given Zhang asked for ¥200,000.00 over 24 months on 2025-03-03

    Scenario: Without consent nobody is asked
      When the clerk asks civil affairs on 2025-03-03
      Then it is refused: there is no consent

    Scenario: A consent that has run out
      Given Zhang consented to civil affairs until 2025-03-10
      When the clerk asks civil affairs on 2025-03-11
      Then it is refused: there is no consent

    Scenario: The source answers
      Given Zhang consented to civil affairs until 2025-12-31
      And civil affairs knows Zhang as married
      When the clerk asks civil affairs on 2025-03-03
      Then "marital" is known as "married" from civil affairs

    Scenario Outline: The source gives no answer that can be used, and the clerk goes on by hand
      Given Zhang consented to civil affairs until 2025-12-31
      And civil affairs <answers>
      When the clerk asks civil affairs on 2025-03-03
      Then it is recorded that the answer was <problem>
      When the clerk enters "marital" as "single" for civil affairs by hand on 2025-03-03
      Then "marital" is known as "single" from civil affairs

      Examples:
        | answers                     | problem       |
        | is not connected            | unreachable   |
        | answers with nonsense       | malformed     |
        | answers about somebody else | contradictory |

  Rule: What is missing is asked for once, and the clock stands still meanwhile (一次性告知)

    Background:
      Given Zhang's application was accepted on 2025-03-03

    Scenario: The days that are left are the days that were left
      Given the clerk asked for the "licence" on 2025-03-05
      And it waits for the applicant
      And the clerk added the "licence" on 2025-03-14
      When the correction is confirmed on 2025-03-17
      Then it is due on 2025-04-03

    Scenario: Nobody is asked twice
      Given the clerk asked for the "licence" on 2025-03-05
      And the clerk added the "licence" on 2025-03-06
      And the correction was confirmed on 2025-03-06
      When the clerk asks for the "roster" on 2025-03-07
      Then it is refused: what is missing is asked for once

    Scenario: A correction that never comes
      Given the clerk asked for the "licence" on 2025-03-05
      When the office looks for what has lapsed on 2025-06-30
      Then the application is expired
