"""What an application refuses, one class a rule."""

from __future__ import annotations

from domain.errors import Language, Refusal
from domain.policy.finding import Finding


class UnknownApplication(Refusal):
    code = "application.unknown"
    en = "there is no application {case_no}; check the number"
    zh = "没有申请 {case_no}；请核对受理编号"


class ApplicationExists(Refusal):
    code = "application.exists"
    en = "application {case_no} is already recorded; give the new one a number of its own"
    zh = "申请 {case_no} 已登记；请为新申请另编号码"


class NotResubmittable(Refusal):
    code = "application.not_resubmittable"
    en = "{resubmits} cannot be submitted anew: it is {status}, or somebody else's; only an ended application of the same applicant can"
    zh = "{resubmits} 不能重新申请：状态为 {status} 或非本人申请；仅本人已终结的申请可重新提交"


class ApplicationEnded(Refusal):
    code = "application.ended"
    en = "application {case_no} is {status}; a new one may be submitted"
    zh = "申请 {case_no} 状态为 {status}；可另行提交新申请"


class BeforeLastStep(Refusal):
    code = "application.before_last_step"
    en = "{value_date} is before the last step of {case_no} on {last}; correct the date"
    zh = "{value_date} 早于申请 {case_no} 最近一步的日期 {last}；请更正日期"


class MaterialsMissing(Refusal):
    """An application is accepted when every required material is there and every pulled figure known (R-PRO-4)."""

    code = "application.materials_missing"
    en = "application {case_no} lacks: {missing}; add them, or withdraw the application; the applicant can be asked for a correction once it is accepted"
    zh = "申请 {case_no} 缺少：{missing}；请补齐或撤回；受理后方可一次性告知申请人补正"


class AlreadyAccepted(Refusal):
    code = "application.already_accepted"
    en = "application {case_no} was accepted on {accepted}; go on with its reviews"
    zh = "申请 {case_no} 已于 {accepted} 受理；请继续审核"


class NotInReview(Refusal):
    code = "application.not_in_review"
    en = "application {case_no} is {status}; it has to be accepted first"
    zh = "申请 {case_no} 状态为 {status}；须先受理"


class AskedAlready(Refusal):
    """What is missing is asked for once (一次性告知)."""

    code = "application.asked_already"
    en = "corrections of {case_no} were asked for on {asked}, and may be asked for only once; decide on what is there"
    zh = "申请 {case_no} 已于 {asked} 一次性告知补正，不得再次要求；请依现有材料办理"


class NothingAsked(Refusal):
    code = "application.nothing_asked"
    en = "no correction of {case_no} is being waited for"
    zh = "申请 {case_no} 无待补正事项"


class Paused(Refusal):
    code = "application.paused"
    en = "application {case_no} waits for its applicant: {missing}; go on when they are there"
    zh = "申请 {case_no} 正待申请人补正：{missing}；补正后继续办理"


class ConsentMissing(Refusal):
    """Nobody's data is asked for without a consent that is valid on the day (授权)."""

    code = "application.consent_missing"
    en = (
        "there is no consent of {case_no} for {source} that is valid on {day}; record one, or enter the figures by hand"
    )
    zh = "申请 {case_no} 在 {day} 无有效的 {source} 查询授权；请登记授权，或人工录入"


class UnknownMaterial(Refusal):
    code = "application.unknown_material"
    en = "application {case_no} has no material {digest}; add the document first"
    zh = "申请 {case_no} 没有材料 {digest}；请先上传"


class AlreadyReviewed(Refusal):
    code = "application.already_reviewed"
    en = "the {review} review of {case_no} was made on {made}; a review is made once"
    zh = "申请 {case_no} 的 {review} 审核已于 {made} 完成；每项审核仅一次"


class OtherInstitution(Refusal):
    """Each review belongs to one institution (R-ELI-11)."""

    code = "application.other_institution"
    en = "the {review} review of {case_no} belongs to {expected}, not to {institution}"
    zh = "申请 {case_no} 的 {review} 审核由 {expected} 负责，不属于 {institution}"


class FindingsSpeakAgainst(Refusal):
    """Nobody passes what a rule refuses."""

    code = "application.findings_speak_against"
    en = "application {case_no} cannot pass: {finding}; reject it, or have the figures corrected"
    zh = "申请 {case_no} 不能通过：{finding}；请不予通过或更正数据"

    def message(self, language: Language) -> str:
        """The finding speaks the same language."""
        finding = self.facts.get("finding")
        said = finding.say(language) if isinstance(finding, Finding) else finding
        return (self.zh if language == "zh" else self.en).format(**self.facts | {"finding": said})


class ReasonMissing(Refusal):
    code = "application.reason_missing"
    en = "every rule holds for {case_no}; say in words why it is refused"
    zh = "申请 {case_no} 各项规则均符合；不予通过须写明理由"


class ReviewsMissing(Refusal):
    """Approval only when all three concur (并联审核)."""

    code = "application.reviews_missing"
    en = "application {case_no} waits for: {missing}; it is approved when all three reviews have passed"
    zh = "申请 {case_no} 尚待：{missing}；三项审核全部通过后方可审批"


class CounterGuaranteeMissing(Refusal):
    code = "application.counter_guarantee_missing"
    en = "application {case_no} has neither a counter-guarantee nor a waiver; register one of them first"
    zh = "申请 {case_no} 既无反担保也未免除；请先登记其一"


class MoreThanReviewed(Refusal):
    """Approved is at most what was asked for and what every review allowed."""

    code = "application.more_than_reviewed"
    en = "{amount} is more than the {most} that was asked for and reviewed in {case_no}; approve at most that"
    zh = "审批金额 {amount} 超过申请 {case_no} 申请及审核额度 {most}；最多审批该额度"


class LongerThanAsked(Refusal):
    """The rules were looked at for the term that was asked for, age among them (R-ELI-4)."""

    code = "application.longer_than_asked"
    en = "{field}: {months} months are longer than the {asked} that were asked for and reviewed in {case_no}; approve at most that"
    zh = "{field}：期限 {months} 个月超过申请 {case_no} 申请并审核的 {asked} 个月；最多审批该期限"


class NotApproved(Refusal):
    code = "application.not_approved"
    en = "application {case_no} is {status}; a contract needs an approval"
    zh = "申请 {case_no} 状态为 {status}；签约须先审批通过"


class ApprovalLapsed(Refusal):
    code = "application.approval_lapsed"
    en = "the approval of {case_no} was valid until {expires_on}; submit a new application"
    zh = "申请 {case_no} 的审批有效期至 {expires_on}，已失效；请重新申请"


class NotLapsed(Refusal):
    code = "application.not_lapsed"
    en = "nothing of {case_no} has lapsed by {day}"
    zh = "截至 {day}，申请 {case_no} 无失效事项"


class UnknownCounterGuarantee(Refusal):
    code = "application.unknown_counter_guarantee"
    en = "fact {version} of {case_no} is no counter-guarantee that still binds; look its version up in the history"
    zh = "申请 {case_no} 的第 {version} 条记录不是有效反担保；请核对历史"


class StillStands(Refusal):
    """Whoever stands for a loan does so until nothing is owed of it."""

    code = "application.still_stands"
    en = "loan {loan_no} of {case_no} is {status} on {day}; a counter-guarantee is released when its loan is settled, or can no longer be drawn"
    zh = "申请 {case_no} 的贷款 {loan_no} 在 {day} 状态为 {status}；反担保须待贷款结清或不再可提款后解除"


class LiveApplication(Refusal):
    """One live application a household (domain.md §2, ApplicationSubmitted)."""

    code = "application.household_has_one"
    en = "a person of this household ({key}) has an open application; end that one first"
    zh = "该家庭成员（{key}）已有在办申请；请先办结"


class TooManyLoans(Refusal):
    """At most three loans a person (R-LIM-6)."""

    code = "application.too_many_loans"
    en = "{key} has had as many guaranteed loans as the scheme allows; no further one can be approved"
    zh = "{key} 已达创业担保贷款次数上限；不能再次审批"


class GuaranteesAlready(Refusal):
    """A guarantor's limits (R-ELI-9)."""

    code = "application.guarantees_already"
    en = "{key} guarantees as many loans as the scheme allows; name another guarantor"
    zh = "{key} 对外担保已达上限；请更换担保人"
