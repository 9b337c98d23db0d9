"""What partners and their projects refuse, one class a rule."""

from __future__ import annotations

from domain.errors import Refusal


class UnknownPartner(Refusal):
    code = "partner.unknown"
    en = "there is no rural partner {partner_no}; check the number"
    zh = "没有乡村振兴合伙人 {partner_no}；请核对编号"


class PartnerExists(Refusal):
    code = "partner.exists"
    en = "partner {partner_no} is already recorded; give the new one a number of its own"
    zh = "合伙人 {partner_no} 已登记；请另编号码"


class PersonIsPartner(Refusal):
    """A person is one partner at a time, so that nobody is counted twice (assumed; R-RP-4 counts partners)."""

    code = "partner.person_is_partner"
    en = "{key} is one of another partner's people already; record that that partner has left first"
    zh = "{key} 已是其他合伙人的成员；请先登记其退出"


class PartnerGone(Refusal):
    code = "partner.left"
    en = "partner {partner_no} left on {left}; recruit them anew first"
    zh = "合伙人 {partner_no} 已于 {left} 退出；请重新招募"


class AlreadyQualified(Refusal):
    code = "partner.already_qualified"
    en = "partner {partner_no} is qualified since {since}; nothing has to be found again"
    zh = "合伙人 {partner_no} 自 {since} 起已通过认定；无需再次认定"


class NotQualified(Refusal):
    """乡村贷 is for a qualified partner (R-LIM-9)."""

    code = "partner.not_qualified"
    en = "partner {partner_no} was not qualified on {day}; have the partner qualified first"
    zh = "合伙人 {partner_no} 在 {day} 未通过认定；请先办理认定"


class PartnerStepTooEarly(Refusal):
    code = "partner.before_last_step"
    en = "{value_date} is before the last step of partner {partner_no} on {last}; correct the date"
    zh = "{value_date} 早于合伙人 {partner_no} 最近一步的日期 {last}；请更正日期"


class NotPartnersLoan(Refusal):
    """A loan belongs to the partner whose person borrows."""

    code = "partner.not_their_loan"
    en = "the borrower of loan {loan_no} is none of partner {partner_no}'s people; link it to the partner who borrowed"
    zh = "贷款 {loan_no} 的借款人不是合伙人 {partner_no} 的成员；请关联到实际借款的合伙人"


class NotRuralLoan(Refusal):
    """Only 乡村贷 is linked to partners (R-LIM-9)."""

    code = "partner.not_a_rural_loan"
    en = "loan {loan_no} is of product {product}; only a rural partner's loan ({rural}) is linked to a partner"
    zh = "贷款 {loan_no} 的产品为 {product}；只有乡村贷（{rural}）可关联合伙人"


class LoanLinkedAlready(Refusal):
    """A loan is counted with one partner and one project."""

    code = "partner.loan_linked_already"
    en = "loan {key} is linked to a partner already; the first link stands"
    zh = "贷款 {key} 已关联合伙人；原关联有效"


class UnknownProject(Refusal):
    code = "project.unknown"
    en = "there is no project {project_no}; check the number"
    zh = "没有合伙人项目 {project_no}；请核对编号"


class ProjectExists(Refusal):
    code = "project.exists"
    en = "project {project_no} is already recorded; give the new one a number of its own"
    zh = "项目 {project_no} 已登记；请另编号码"


class StepOutOfOrder(Refusal):
    """A project is registered, lands, may be suspended and resumed, and ends once (domain.md §2)."""

    code = "project.step_out_of_order"
    en = "project {project_no} is {status}; only a project that is {needed} can be {step}"
    zh = "项目 {project_no} 状态为 {status}；仅 {needed} 状态的项目可以 {step}"


class ProjectStepTooEarly(Refusal):
    code = "project.before_last_step"
    en = "{value_date} is before the last step of project {project_no} on {last}; correct the date"
    zh = "{value_date} 早于项目 {project_no} 最近一步的日期 {last}；请更正日期"


class ProjectOver(Refusal):
    code = "project.ended"
    en = "project {project_no} ended on {ended}; nothing of a later day can be recorded of it"
    zh = "项目 {project_no} 已于 {ended} 终止；不能登记此后的事项"


class NotLanded(Refusal):
    """A project gives work from the day on which it has landed."""

    code = "project.not_landed"
    en = "project {project_no} had not landed by {day}; jobs are counted from then on"
    zh = "项目 {project_no} 在 {day} 尚未落地；就业自落地后统计"


class TakesPartAlready(Refusal):
    code = "project.takes_part_already"
    en = "partner {partner_no} takes part in project {project_no} already; nothing has changed"
    zh = "合伙人 {partner_no} 已参与项目 {project_no}；无变化"


class TakesNoPart(Refusal):
    code = "project.takes_no_part"
    en = "partner {partner_no} takes no part in project {project_no}; let the partner join it first"
    zh = "合伙人 {partner_no} 未参与项目 {project_no}；请先登记加入"


class NothingReported(Refusal):
    code = "project.nothing_reported"
    en = "no jobs of project {project_no} were reported by {day}; have them reported before they are verified"
    zh = "截至 {day}，项目 {project_no} 未上报就业；请先上报再核实"


class MoreThanReported(Refusal):
    """A verification confirms a report, and no more than it says (domain.md §5.30)."""

    code = "project.more_than_reported"
    en = "{jobs} jobs are more than the {reported} that project {project_no} reported; have the rest reported first"
    zh = "核实 {jobs} 人超过项目 {project_no} 上报的 {reported} 人；超出部分请先上报"


class EvidenceMissing(Refusal):
    code = "project.evidence_missing"
    en = "jobs of project {project_no} are verified by documents; name at least one"
    zh = "项目 {project_no} 的就业核实须有证明材料；请至少提供一份"


class EvidenceUsed(Refusal):
    """A document proves the jobs of one project, so that nobody's job is counted twice (domain.md §5.30)."""

    code = "project.evidence_used"
    en = "document {key} proves the jobs of another project already; give a document of this one"
    zh = "材料 {key} 已用于证明其他项目的就业；请提供本项目的材料"
