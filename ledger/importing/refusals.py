"""Why a mapping or a tape as a whole is not taken: one class a rule, each says what to do."""

from __future__ import annotations

from domain.errors import BadInput


class UnknownMapping(BadInput):
    code = "import.mapping_unknown"
    en = "there is no mapping {name}; give one of {shipped}, or the path of a .toml file of your own"
    zh = "没有名为 {name} 的映射；请用 {shipped} 之一，或给出自己的 .toml 文件路径"


class MappingNotToml(BadInput):
    code = "import.mapping_not_toml"
    en = "mapping {file} is not TOML in UTF-8: {problem}; correct it there"
    zh = "映射 {file} 不是 UTF-8 编码的 TOML：{problem}；请更正"


class UnknownKey(BadInput):
    code = "import.mapping_key_unknown"
    en = "mapping {file}: there is no key {key} here; the keys are {allowed}"
    zh = "映射 {file}：此处没有键 {key}；可用的键为 {allowed}"


class UnknownTarget(BadInput):
    code = "import.mapping_target_unknown"
    en = "mapping {file}: {key} is no field of a loan; the fields are {allowed} (list a mere column under keep)"
    zh = "映射 {file}：{key} 不是贷款的字段；可用字段为 {allowed}（仅需保留的列请写入 keep）"


class MissingTarget(BadInput):
    code = "import.mapping_target_missing"
    en = "mapping {file} does not say {key}; name its column, or state it for all loans with value ="
    zh = "映射 {file} 未说明 {key}；请指明对应的列，或用 value = 为全部贷款统一指定"


class BadMapping(BadInput):
    code = "import.mapping_invalid"
    en = "mapping {file}, {key}: {problem}; correct it there"
    zh = "映射 {file} 的 {key}：{problem}；请更正"


class ColumnUsedTwice(BadInput):
    code = "import.mapping_column_twice"
    en = "mapping {file}: column {column} stands under {first} and {second}; leave it in one of them"
    zh = "映射 {file}：列 {column} 同时出现在 {first} 与 {second}；请只保留一处"


class TapeUnreadable(BadInput):
    code = "import.tape_unreadable"
    en = "{file} cannot be read: {problem}; check the path and the permissions"
    zh = "无法读取 {file}：{problem}；请检查路径与权限"


class TapeEmpty(BadInput):
    code = "import.tape_empty"
    en = "{file} is empty; a tape needs at least its header line"
    zh = "{file} 是空文件；至少应有表头行"


class WrongEncoding(BadInput):
    code = "import.tape_encoding"
    en = "{file} is UTF-16 (line {line}, byte {offset}); save it as CSV in UTF-8, or in GB18030 with such a mapping"
    zh = "{file} 是 UTF-16 编码（第 {line} 行，第 {offset} 字节）；请另存为 UTF-8 的 CSV，或在映射中写明 GB18030 并另存为该编码"


class NotUtf8(WrongEncoding):
    en = (
        "{file} is not UTF-8 (line {line}, byte {offset}); if your bank exports GB18030 say "
        'encoding = "gb18030" in the mapping'
    )
    zh = '{file} 不是 UTF-8 编码（第 {line} 行，第 {offset} 字节）；如银行导出为 GB18030，请在映射中写 encoding = "gb18030"'


class NotGb18030(WrongEncoding):
    en = '{file} is not GB18030 (line {line}, byte {offset}); if it is UTF-8 say encoding = "utf-8" in the mapping'
    zh = '{file} 不是 GB18030 编码（第 {line} 行，第 {offset} 字节）；如为 UTF-8，请在映射中写 encoding = "utf-8"'


class NulByte(BadInput):
    code = "import.tape_nul_byte"
    en = "{file} holds a NUL byte (line {line}, byte {offset}), so it is no CSV text; export it again as CSV"
    zh = "{file} 含有 NUL 字节（第 {line} 行，第 {offset} 字节），不是 CSV 文本；请重新导出为 CSV"


class BadGzip(BadInput):
    code = "import.tape_gzip"
    en = "{file} is not a whole gzip file: {problem}; fetch it again"
    zh = "{file} 不是完整的 gzip 文件：{problem}；请重新获取"


class TapeCutOff(BadInput):
    code = "import.tape_cut_off"
    en = "{file} ends inside the row that starts on line {line}: the tape is cut off; fetch it again, whole"
    zh = "{file} 在第 {line} 行开始的记录中途结束，文件被截断；请重新获取完整文件"


class BadQuoting(BadInput):
    code = "import.tape_quoting"
    en = "{file}: the row on line {line} is not CSV ({problem}); what follows cannot be told apart, so export it again"
    zh = "{file}：第 {line} 行的记录不符合 CSV 格式（{problem}），其后内容无法区分；请重新导出"


class HugeField(BadInput):
    code = "import.tape_huge_field"
    en = "{file}: a value on line {line} is longer than {limit} characters; a quote may be missing, export it again"
    zh = "{file}：第 {line} 行有超过 {limit} 个字符的值；可能缺少引号，请重新导出"


class HugeLine(HugeField):
    en = "{file}: line {line} is longer than {limit} bytes; line ends may be missing, export it again"
    zh = "{file}：第 {line} 行超过 {limit} 字节；可能缺少换行，请重新导出"


class NotAHeader(BadInput):
    code = "import.tape_header"
    en = (
        "line 1 of {file} names none of the columns of mapping {mapping}: it is no header, or its separator is not "
        "{delimiter} (say delimiter = in the mapping), or it wants another mapping"
    )
    zh = (
        "{file} 第 1 行没有映射 {mapping} 中的任何列：它不是表头，或分隔符不是 {delimiter}"
        "（请在映射中写明 delimiter =），或应使用另一映射"
    )


class RepeatedColumns(BadInput):
    code = "import.tape_columns_repeated"
    en = "{file}: the header names {columns} more than once; rename one of them, a value could be either"
    zh = "{file}：表头重复出现 {columns}；请改名，否则无法确定取值"


class UnmappedColumns(BadInput):
    code = "import.tape_columns_unmapped"
    en = "{file}: unmapped column {columns}: map, keep or ignore it in mapping {mapping}; it is never guessed"
    zh = "{file}：未映射的列 {columns}；请在映射 {mapping} 中映射、保留（keep）或忽略（ignore），系统不作猜测"


class MissingColumns(BadInput):
    code = "import.tape_columns_missing"
    en = "{file} lacks {columns}, which mapping {mapping} needs (unmapped in the file: {unmapped}); correct the mapping"
    zh = "{file} 缺少映射 {mapping} 所需的列 {columns}（文件中未映射的列：{unmapped}）；请更正映射"


class TapeChanged(BadInput):
    code = "import.tape_changed"
    en = "{file} changed while it was being read; wait until it is written whole and import it again"
    zh = "{file} 在读取过程中发生变化；请待其写完后重新导入"
