"""The sentences 说明 of the rules: for each what is said where it holds and where it does not, in two languages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from domain.errors import Language

WORDS: Mapping[str, tuple[str, str]] = {
    "individual": ("an individual", "个人"),
    "partnership": ("a partnership", "合伙创业"),
    "small_enterprise": ("a small enterprise", "小微企业"),
    "bachelor": ("bachelor", "本科"),
    "master": ("master", "硕士"),
    "doctor": ("doctor", "博士"),
    "borrower": ("borrower", "借款人"),
    "spouse": ("spouse", "配偶"),
    "student": ("student", "助学贷款"),
    "poverty_relief": ("poverty_relief", "扶贫贷款"),
    "housing": ("housing", "住房贷款"),
    "car": ("car", "购车贷款"),
    "consumer": ("consumer", "消费贷款"),
    "credit_card": ("credit_card", "信用卡"),
    "business": ("business", "经营贷款"),
    "in_business": ("in business", "在营"),
    "suspended": ("suspended", "停业"),
    "revoked": ("revoked", "吊销"),
    "cancelled": ("cancelled", "注销"),
    "single": ("single", "未婚"),
    "married": ("married", "已婚"),
    "divorced": ("divorced", "离异"),
    "widowed": ("widowed", "丧偶"),
    "yes": ("yes", "是"),
    "no": ("no", "否"),
    "-": ("nothing", "无"),
}
"""Figures that are codes, in English and in Chinese."""


class Sentence(NamedTuple):
    """What is said by whether the rule holds; the braces are figures of the finding."""

    en: Mapping[bool, str]
    zh: Mapping[bool, str]


def _said(en: str, en_not: str, zh: str, zh_not: str) -> Sentence:
    return Sentence({True: en, False: en_not}, {True: zh, False: zh_not})


SENTENCES: Mapping[str, Sentence] = {
    "group.listed": _said(
        "{group} is an eligible group",
        "{group} is no eligible group",
        "{group}属于扶持人群",
        "{group}不属于扶持人群",
    ),
    "group.graduated": _said(
        "graduated on {graduated}, at most {years} years before {day}",
        "a graduation at most {years} years before {day} was not shown: {graduated}",
        "{graduated}毕业，至{day}未超过{years}年",
        "未证明至{day}毕业未超过{years}年：{graduated}",
    ),
    "group.degree": _said(
        "the degree {degree} makes one of {group}",
        "to be one of {group} a bachelor's degree or above has to be shown, and {degree} was",
        "学历{degree}，属于{group}",
        "属于{group}须出示本科及以上学历，所示学历为{degree}",
    ),
    "group.partner": _said(
        "the applicant is a qualified rural partner, one of {group}",
        "the applicant is no qualified rural partner, and so none of {group}",
        "申请人为合格的乡村振兴合伙人，属于{group}",
        "申请人不是合格的乡村振兴合伙人，不属于{group}",
    ),
    "package.kind": _said(
        "{package} is open to {kind}",
        "{package} is not open to {kind}",
        "{package}适用于{kind}",
        "{package}不适用于{kind}",
    ),
    "package.partner": _said(
        "the applicant is a qualified rural partner, as {package} asks",
        "the applicant is no qualified rural partner, as {package} asks",
        "申请人为合格的乡村振兴合伙人，符合{package}条件",
        "申请人不是合格的乡村振兴合伙人，不符合{package}条件",
    ),
    "package.degree": _said(
        "the degree {degree} is enough for {package}",
        "{package} asks for a bachelor's degree or above, and {degree} was shown",
        "学历{degree}符合{package}条件",
        "{package}要求本科及以上学历，所示学历为{degree}",
    ),
    "package.family": _said(
        "{members} of the household stand for the loan, as {package} asks",
        "nobody of the household stands for the loan, as {package} asks",
        "家庭成员担保人{members}名，符合{package}条件",
        "无家庭成员担保，不符合{package}条件",
    ),
    "package.rating": _said(
        "the bank's rating {rating} is enough for {package}",
        "{package} asks for a good rating of the bank, and there is {rating}",
        "银行信用评级{rating}符合{package}条件",
        "{package}要求良好的银行信用评级，现评级为{rating}",
    ),
    "age.known": _said(
        "the day of birth is known",
        "neither an ID number says the day of birth nor was it shown",
        "出生日期已知",
        "证件号码不含出生日期，亦未出示出生证明",
    ),
    "age.least": _said(
        "an age of {age} on {day} is at least {least}",
        "an age of {age} on {day} is less than {least}",
        "{day}年满{age}周岁，不低于{least}周岁",
        "{day}为{age}周岁，未满{least}周岁",
    ),
    "age.retirement": _said(
        "the loan ends on {ends}, before retirement age is reached on {retires}",
        "retirement age is reached on {retires}, and the loan would end on {ends}",
        "贷款{ends}到期，早于达到法定退休年龄之日{retires}",
        "{retires}达到法定退休年龄，贷款至{ends}方到期",
    ),
    "limit.kind": _said(
        "{asked} is within the limit {most} of {kind}",
        "{asked} exceeds the limit {most} of {kind}",
        "申请金额{asked}未超过{kind}限额{most}",
        "申请金额{asked}超过{kind}限额{most}",
    ),
    "limit.package": _said(
        "{asked} is within the limit {most} of {package}",
        "{asked} exceeds the limit {most} of {package}",
        "申请金额{asked}未超过{package}限额{most}",
        "申请金额{asked}超过{package}限额{most}",
    ),
    "limit.term": _said(
        "{months} months are within the {most} of {kind}",
        "{months} months are not within the 1 to {most} of {kind}",
        "期限{months}个月未超过{kind}最长期限{most}个月",
        "期限{months}个月不在{kind}1至{most}个月的范围内",
    ),
    "repeats.loans": _said(
        "{had} guaranteed loans before this one are fewer than {most}",
        "{had} guaranteed loans before this one are as many as the {most} that are allowed",
        "此前已获创业担保贷款{had}次，未达{most}次上限",
        "此前已获创业担保贷款{had}次，已达{most}次上限",
    ),
    "repeats.repaid": _said(
        "every guaranteed loan before this one is repaid",
        "{owing} guaranteed loans before this one are not repaid",
        "此前创业担保贷款均已结清",
        "此前有{owing}笔创业担保贷款尚未结清",
    ),
    "repeats.overdue": _said(
        "no earlier guaranteed loan went overdue",
        "an earlier guaranteed loan went overdue",
        "此前创业担保贷款无逾期记录",
        "此前创业担保贷款有逾期记录",
    ),
    "other_loans.allowed": _said(
        "other loans of borrower and spouse are of allowed kinds: {loans}",
        "borrower or spouse has another loan that is not allowed: {loans}",
        "借款人及配偶的其他贷款均属允许范围：{loans}",
        "借款人或配偶有不允许的其他贷款：{loans}",
    ),
    "hire.ratio": _said(
        "{hired} new hires of {staff} staff are at least the {least} asked for ({percent} %)",
        "{hired} new hires of {staff} staff are fewer than the {least} asked for ({percent} %)",
        "在职{staff}人、新招用{hired}人，达到要求的{least}人（{percent}%）",
        "在职{staff}人、新招用{hired}人，未达到要求的{least}人（{percent}%）",
    ),
    "hire.counted": _said(
        "the {hired} new hires are among the {staff} staff",
        "{hired} new hires are more than the {staff} staff that they belong to",
        "新招用{hired}人在在职{staff}人之内",
        "新招用{hired}人多于在职{staff}人",
    ),
    "household.matches": _said(
        "civil affairs say {marital}, and the form names a spouse: {spouse}",
        "civil affairs say {marital}, which the form contradicts: it names a spouse: {spouse}",
        "民政登记为{marital}，申请表填有配偶：{spouse}",
        "民政登记为{marital}，与申请表不符：申请表填有配偶：{spouse}",
    ),
    "business.open": _said(
        "the market regulator knows the business as open: {business}",
        "the market regulator does not know the business as open: {business}",
        "市场监管登记状态为{business}",
        "市场监管登记状态为{business}，非在营",
    ),
    "hire.wages": _said(
        "no wages and no insurance are owed",
        "wages or insurance are owed",
        "无拖欠工资、欠缴社会保险",
        "存在拖欠工资或欠缴社会保险",
    ),
    "counter_guarantee.there": _said(
        "counter-guarantees: {standing}, waived: {waived}",
        "there is neither a counter-guarantee nor a waiver",
        "反担保{standing}项，免除：{waived}",
        "既无反担保也未免除",
    ),
    "counter_guarantee.enough": _said(
        "persons who stand: {persons} (of {least} asked for), things worth {worth}: enough for {amount}",
        "persons who stand: {persons} (of {least} asked for), things worth {worth}: not enough for {amount}",
        "担保人{persons}名（要求{least}名），担保物价值{worth}，足以担保{amount}",
        "担保人{persons}名（要求{least}名），担保物价值{worth}，不足以担保{amount}",
    ),
    "counter_guarantee.record": _said(
        "nobody who stands has guaranteed a loan that went overdue",
        "of those who stand have guaranteed a loan that went overdue: {persons}",
        "担保人未曾为逾期贷款担保",
        "担保人中有{persons}名曾为逾期贷款担保",
    ),
    "counter_guarantee.waived": _said(
        "a counter-guarantee is waived for {package} at {asked}: {why}",
        "nothing waives the counter-guarantee of {package} at {asked}",
        "{package}（{asked}）免除反担保：{why}",
        "{package}（{asked}）无免除反担保的依据",
    ),
    "rate.cap": _said(
        "LPR + {margin} bp is within the cap of LPR + {cap} bp",
        "LPR + {margin} bp exceeds the cap of LPR + {cap} bp",
        "LPR+{margin}基点未超过上限LPR+{cap}基点",
        "LPR+{margin}基点超过上限LPR+{cap}基点",
    ),
}


def in_words(code: str, language: Language) -> str:
    """A code in words; what is none, as it is."""
    return WORDS[code][language == "zh"] if code in WORDS else code


def said(rule: str, holds: bool, figures: Mapping[str, str], language: Language) -> str:
    """What a rule says of its figures, codes among them in words."""
    sentence, place = SENTENCES[rule], language == "zh"
    chosen = figures if place else {name: figures.get(f"{name}_en", value) for name, value in figures.items()}
    words = {name: in_words(value, language) for name, value in chosen.items()}
    of = ("合伙人{partner}：" if place else "partner {partner}: ") if "partner" in words else ""
    return (of + (sentence.zh if place else sentence.en)[holds]).format(**words)
