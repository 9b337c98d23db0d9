"""Why a file is not read as a bank statement: one class a rule, each names the place and says what to do."""

from __future__ import annotations

from domain.errors import BadInput, Phrased


class StatementUnreadable(BadInput):
    code = "statement.unreadable"
    en = "{field}: {file} cannot be read: {problem}; check the path and the permissions"
    zh = "{field}：无法读取 {file}：{problem}；请检查路径与权限"


class StatementTooLarge(BadInput):
    code = "statement.too_large"
    en = "{field}: {file} is larger than {most} {what}; ask the bank for shorter periods"
    zh = "{field}：{file} 超过 {most} {what}；请向银行索取较短期间的对账单"


class NoStatement(BadInput):
    """Its content decides what a file is, never its name."""

    code = "statement.unknown_format"
    en = "{field}: {file} is no camt.053, MT940, XLSX or CSV statement; export the statement again in one of these"
    zh = "{field}：{file} 不是 camt.053、MT940、XLSX 或 CSV 对账单；请以其中一种格式重新导出"


class OtherFormat(BadInput):
    code = "statement.other_format"
    en = "{field}: {file} is {found}, not {wanted}; say --format {found}, or auto"
    zh = "{field}：{file} 是 {found}，不是 {wanted}；请指定 --format {found} 或 auto"


class OtherMessage(BadInput):
    """A notice of single movements has no balances that could be proved."""

    code = "statement.other_message"
    en = (
        "{field}: {file} is {found}, an interim report or a notice without a closing balance; ask the bank for {wanted}"
    )
    zh = "{field}：{file} 是 {found}，即无期末余额的日间报告或通知；请向银行索取 {wanted}"


class Hostile(BadInput):
    code = "statement.hostile"
    en = "{field}: {file} holds {found}, which no statement has; do not open it, and ask the bank"
    zh = "{field}：{file} 含有对账单不应有的 {found}；请勿打开，并向银行核实"


class NotWellFormed(BadInput):
    code = "statement.not_well_formed"
    en = "{field}: {file} is not well-formed {kind} ({place}: {problem}); fetch it again, whole"
    zh = "{field}：{file} 不是格式良好的 {kind}（{place}：{problem}）；请重新获取完整文件"


class TagMissing(BadInput):
    code = "statement.tag_missing"
    en = "{field}: {file}, {place}, lacks {tag}; ask the bank for a whole statement"
    zh = "{field}：{file} 的{place}缺少 {tag}；请向银行索取完整对账单"


class BadValue(Phrased, BadInput):
    code = "statement.value"
    en = "{field}: {file}, {place}: {name} {value} is not {expected}; correct it at the bank, or fetch the file again"
    zh = "{field}：{file} 的 {place}：{name} {value} 不是{expected}；请在银行端更正或重新获取文件"


class DigitsLost(BadInput):
    code = "statement.digits_lost"
    en = "{field}: {file}, {place}: {name} is a number of more than 15 digits, of which a spreadsheet keeps 15; have the column exported as text"
    zh = "{field}：{file} 的{place}：{name} 是超过 15 位的数值，电子表格只保留 15 位；请将该列导出为文本"


class NoHeader(BadInput):
    code = "statement.header"
    en = "{field}: no line of {file} is the header of a known table ({known}); give your bank's own with --map, see `statement map`"
    zh = "{field}：{file} 中没有已知表格（{known}）的表头；请用 --map 给出本行的列映射，参见 `statement map`"


class TwoHeaders(BadInput):
    code = "statement.header_ambiguous"
    en = "{field}: the header of {file} fits the tables {known}; say which with --map"
    zh = "{field}：{file} 的表头同时符合 {known}；请用 --map 指定"


class Undecoded(BadInput):
    code = "statement.encoding"
    en = "{field}: {file} is neither UTF-8 nor GB18030 ({problem}); export it again in one of them"
    zh = "{field}：{file} 既不是 UTF-8 也不是 GB18030（{problem}）；请以其中一种编码重新导出"


class CurrenciesMixed(BadInput):
    code = "statement.currencies_mixed"
    en = "{field}: {file} holds lines in {currencies}; export one currency at a time"
    zh = "{field}：{file} 含多种币种 {currencies}；请按币种分别导出"


class UnknownMap(BadInput):
    code = "statement.map_unknown"
    en = "there is no column map {name}; give one of {shipped}, or the path of a .toml file of your own"
    zh = "没有名为 {name} 的列映射；请用 {shipped} 之一，或给出自己的 .toml 文件路径"


class MapUnreadable(BadInput):
    code = "statement.map_invalid"
    en = "column map, {key}: {problem}; correct it there"
    zh = "列映射的 {key}：{problem}；请更正"
