Feature: Rural partners (乡村振兴合伙人)
  The county recruits people who bring industry, money, skill or culture to a village; whoever qualifies may borrow as one (乡村贷).
  What they do is a project: it lands and gives work, and its jobs are proved by somebody else than who reports them.

  Background:
    Given today is 2025-06-30
    And Li of Sishui was recruited as a partner on 2024-01-10

  Rule: A partner is one of eight kinds and takes part in one of five ways (招募)

    Scenario Outline: Every kind is recruited
      When somebody is recruited as <kind> to <way>
      Then it is recorded

      Examples:
        | kind              | 种类         | way                   | 方式     |
        | entrepreneur      | 海内外企业家 | found an industry     | 创办产业 |
        | founder           | 创业者       | invest capital        | 资金入股 |
        | expert            | 专家学者     | lend expertise        | 柔性引才 |
        | founding team     | 创业团队     | contribute technology | 技术参股 |
        | large grower      | 种养大户     | found an industry     | 创办产业 |
        | prosperity leader | 致富带头人   | invest capital        | 资金入股 |
        | skilled worker    | 技术能手     | contribute technology | 技术参股 |
        | heritage bearer   | 非遗传承人   | create culture        | 文化创意 |

    Scenario: Nobody is two partners at a time
      When Li is recruited again under another number
      Then it is refused: the person is a partner already

    Scenario: Who has left may come back
      Given Li left on 2024-12-31
      When Li is recruited again under another number
      Then it is recorded

  Rule: A qualified partner may borrow as one, from the day of qualification (认定)

    Scenario Outline: A loan that was signed in time is linked, one that was not is not
      Given Li was qualified on 2024-03-01
      And a 乡村贷 of ¥300,000.00 was signed by Li on <signed>
      When the loan is linked to Li on 2024-06-03
      Then it is <answer>

      Examples:
        | signed     | answer                                |
        | 2024-02-29 | refused: the partner was not qualified |
        | 2024-03-01 | recorded                              |

    Scenario: Whose qualification was taken back borrows no more
      Given Li was qualified on 2024-03-01
      And the qualification of Li was taken back on 2024-05-01
      And a 乡村贷 of ¥300,000.00 was signed by Li on 2024-05-02
      When the loan is linked to Li on 2024-06-03
      Then it is refused: the partner was not qualified

    Scenario: A loan belongs to the partner who borrowed
      Given Li was qualified on 2024-03-01
      And a 乡村贷 of ¥300,000.00 was signed by somebody else on 2024-03-05
      When the loan is linked to Li on 2024-06-03
      Then it is refused: the loan is not the partner's

    Scenario: A loan is linked once
      Given Li was qualified on 2024-03-01
      And a 乡村贷 of ¥300,000.00 was signed by Li on 2024-03-05
      And the loan was linked to Li on 2024-06-03
      When the loan is linked to Li on 2024-06-04
      Then it is refused: the loan is linked already

  Rule: Whoever applied as a partner signs as one (签约即关联)

    Background:
      Given Jining's policy is published
      And Li was qualified on 2024-03-01
      And the project "peaches" of Li landed on 2024-04-01
      And Li's application for a 乡村贷 of ¥300,000.00 for "peaches" was approved on 2025-03-05

    Scenario: The contract links the loan to the partner and to the project
      When the contract is signed on 2025-03-10
      Then the new loan is linked to Li for "peaches"

    Scenario: Whose qualification was taken back signs no more
      Given the qualification of Li was taken back on 2025-03-06
      When the contract is signed on 2025-03-10
      Then it is refused: a rule speaks against it

  Rule: What was signed stands when a partner leaves (退出)

    Scenario: The loan and the project stand
      Given Li was qualified on 2024-03-01
      And a 乡村贷 of ¥300,000.00 was signed by Li on 2024-03-05
      And the project "peaches" of Li landed on 2024-04-01
      And the loan was linked to Li for "peaches" on 2024-06-03
      When Li leaves on 2024-12-31
      Then the register of partners says of Li
        | on         | standing  | loans | projects |
        | 2024-01-09 |           |       |          |
        | 2024-02-29 | recruited | 0     | 0        |
        | 2024-06-03 | qualified | 1     | 1        |
        | 2024-12-31 | left      | 1     | 1        |
      And "peaches" is landed
      And the loan is signed only

  Rule: A project is registered, lands, may stand still, and ends (项目)

    Scenario: The life of a project
      Given the project "peaches" of Li landed on 2024-04-01
      And "peaches" was suspended on 2024-07-10 and resumed on 2024-09-01
      When "peaches" ends on 2025-05-31
      Then the register of projects says of "peaches"
        | on         | standing   |
        | 2024-03-31 | registered |
        | 2024-04-01 | landed     |
        | 2024-08-31 | suspended  |
        | 2024-09-01 | landed     |
        | 2025-05-31 | ended      |

    Scenario: What has ended lands no more
      Given the project "peaches" of Li landed on 2024-04-01
      And "peaches" ended on 2025-05-31
      When "peaches" lands on 2025-06-01
      Then it is refused: the project is past that

    Scenario: Several partners share a project, and some have none
      Given Wang and Zhao of Sishui were recruited as partners on 2024-01-10
      When the project "peaches" of Li and Wang is registered on 2024-03-01
      Then there are 3 partners and 1 project
      And 2 partners take part in "peaches"

  Rule: Jobs are reported by one and proved by another, and each is counted once (带动就业)

    Background:
      Given the project "peaches" of Li landed on 2024-04-01
      And the project "cherries" of Li landed on 2024-04-01

    Scenario: Reported and verified stand apart
      Given "peaches" reported 12 jobs on 2024-06-30
      And 9 jobs of "peaches" were verified by the roster "June" on 2024-07-05
      When "peaches" reports 20 jobs on 2024-12-31
      Then "peaches" gives 20 jobs as reported and 9 as verified
      And by 2024-07-04 "peaches" gave 12 jobs as reported and 0 as verified

    Scenario Outline: No more is verified than was reported
      Given "peaches" reported 12 jobs on 2024-06-30
      When <jobs> jobs of "peaches" are verified by the roster "June" on 2024-07-05
      Then it is <answer>

      Examples:
        | jobs | answer                              |
        | 12   | recorded                            |
        | 13   | refused: so many were not reported  |

    Scenario: Whoever reported does not verify
      Given "peaches" reported 12 jobs on 2024-06-30
      When the reporter verifies 12 jobs of "peaches" by the roster "June" on 2024-07-05
      Then it is refused: a second person has to confirm

    Scenario: The jobs of a partner with two projects are counted once
      Given "peaches" reported 12 jobs on 2024-06-30
      And "cherries" reported 5 jobs on 2024-06-30
      And 9 jobs of "peaches" were verified by the roster "June" on 2024-07-05
      When 5 jobs of "cherries" are verified by the roster "June" on 2024-07-05
      Then it is refused: the document proves another project's jobs
      And all projects give 17 jobs as reported and 9 as verified

    Scenario: A project that has not landed gives no work
      Given the project "plums" of Li was registered on 2024-05-01
      When "plums" reports 3 jobs on 2024-06-30
      Then it is refused: the project had not landed
