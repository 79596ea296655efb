export const languages = ['en', 'zh-CN'] as const
export type Language = (typeof languages)[number]

const en = {
  usage: `Checks a registry against the OCI distribution specification and against what clients need.

  npm run conformance -- URL [OPTIONS]

URL                  http://HOST:PORT or https://HOST[:PORT] of a registry that may be written to
--username NAME      log in; the password is read from a file:
--password-file FILE
--login WAY          asked: as the registry asks for it, a token is used again (default); anew: a new token for each
                     request; basic: user and password with each request, unasked
--repository PREFIX  push only to repositories below this path (default: conformance)
--level LEVEL        what counts: must (the specification's MUST), should (its SHOULD too), clients (what
                     clients need too; the default), berth (everything that Berth promises)
--only TEXT          only the checks whose name contains this text
--report FILE        write a report too, by the name's ending as .html, .md or .json; may be given several times
--language LANGUAGE  en or zh-CN (default: that of the environment)
--help               show this

Without --username the login in $DOCKER_CONFIG/config.json is used, when that variable is set.
A further certificate authority is named by NODE_EXTRA_CA_CERTS.
Exit code: 0 nothing failed, 1 something failed, 2 nothing could be checked.`,
  'error.url': 'give one URL, such as http://127.0.0.1:5000',
  'error.password': '--username and --password-file belong together',
  'error.login': '--login must be one of: {choices}',
  'error.level': '--level must be one of: {choices}',
  'error.language': '--language must be one of: {choices}',
  'error.report': '--report {file}: the name must end with .html, .md or .json',
  'error.repository': '--repository {value}: not the path of a repository',
  'error.only': '--only {value}: no check has that in its name',
  'error.file': 'cannot read {file}: {reason}',
  'error.write': 'cannot write {file}: {reason}',
  'error.helper': '{file} leaves the login to a helper program; give --username and --password-file',
  'error.unreachable': '{url} is no registry that can be checked: {reason}',
  'error.options': 'cannot read the command line: {reason}',
  title: 'Conformance of {url}',
  'title.held': 'Held to: {level}',
  'title.summary': '{passed} passed, {failed} failed, {unsupported} not supported, {inapplicable} not applicable',
  'level.must': 'the specification (MUST)',
  'level.should': 'the specification (MUST and SHOULD)',
  'level.clients': 'the specification and what clients need',
  'level.berth': 'everything that Berth promises',
  'asks.must': 'MUST',
  'asks.should': 'SHOULD',
  'asks.clients': 'clients',
  'asks.berth': 'Berth',
  'outcome.passed': 'passed',
  'outcome.failed': 'failed',
  'outcome.not supported': 'not supported',
  'outcome.not applicable': 'not applicable',
  'column.check': 'Check',
  'column.asks': 'Asked by',
  'column.rule': 'Rule',
  'column.outcome': 'Outcome',
  section: 'See: {section}',
  exchanges: 'What was said (the last thing last)',
  written: 'report: {file}',
}

const zh: Record<keyof typeof en, string> = {
  usage: `按 OCI 分发规范以及客户端的实际需要检查一个镜像仓库。

  npm run conformance -- URL [选项]

URL                  可写入的仓库地址：http://主机:端口 或 https://主机[:端口]
--username 用户名    登录；密码从文件读取：
--password-file 文件
--login 方式         asked：按仓库的要求登录，令牌重复使用（默认）；anew：每个请求都取新令牌；basic：不待要求，每个请求都带
                     用户名和密码
--repository 前缀    只向此路径下的仓库推送（默认：conformance）
--level 级别         哪些要求计入结果：must（规范的 MUST）、should（再加 SHOULD）、clients（再加客户端的需要，
                     默认值）、berth（Berth 的全部承诺）
--only 文本          只运行名称中含有此文本的检查
--report 文件        另写一份报告，格式由文件名结尾决定：.html、.md 或 .json；可多次给出
--language 语言      en 或 zh-CN（默认取自环境）
--help               显示此说明

未给出 --username 且设置了 DOCKER_CONFIG 时，使用 $DOCKER_CONFIG/config.json 中的登录信息。
额外的证书颁发机构用 NODE_EXTRA_CA_CERTS 指定。
退出码：0 没有失败，1 有失败，2 无法检查。`,
  'error.url': '请给出一个 URL，例如 http://127.0.0.1:5000',
  'error.password': '--username 与 --password-file 须同时给出',
  'error.login': '--login 必须是其中之一：{choices}',
  'error.level': '--level 必须是其中之一：{choices}',
  'error.language': '--language 必须是其中之一：{choices}',
  'error.report': '--report {file}：文件名须以 .html、.md 或 .json 结尾',
  'error.repository': '--repository {value}：不是仓库路径',
  'error.only': '--only {value}：没有名称含有此文本的检查',
  'error.file': '无法读取 {file}：{reason}',
  'error.write': '无法写入 {file}：{reason}',
  'error.helper': '{file} 把登录交给了辅助程序；请给出 --username 和 --password-file',
  'error.unreachable': '{url} 不是可以检查的仓库：{reason}',
  'error.options': '无法解析命令行：{reason}',
  title: '{url} 的一致性',
  'title.held': '要求：{level}',
  'title.summary': '通过 {passed}，失败 {failed}，不支持 {unsupported}，不适用 {inapplicable}',
  'level.must': '规范（MUST）',
  'level.should': '规范（MUST 和 SHOULD）',
  'level.clients': '规范以及客户端的需要',
  'level.berth': 'Berth 的全部承诺',
  'asks.must': 'MUST',
  'asks.should': 'SHOULD',
  'asks.clients': '客户端',
  'asks.berth': 'Berth',
  'outcome.passed': '通过',
  'outcome.failed': '失败',
  'outcome.not supported': '不支持',
  'outcome.not applicable': '不适用',
  'column.check': '检查',
  'column.asks': '提出者',
  'column.rule': '规则（规范原文为英文）',
  'column.outcome': '结果',
  section: '参见：{section}',
  exchanges: '往来内容（最后一次在最后）',
  written: '报告：{file}',
}

export type Words = (key: keyof typeof en, values?: Readonly<Record<string, string | number>>) => string

/** Fills the placeholders in braces. */
export function wordsIn(language: Language): Words {
  const texts = language === 'zh-CN' ? zh : en
  return (key, values = {}) =>
    texts[key].replace(/\{(\w+)\}/g, (placeholder, name: string) => String(values[name] ?? placeholder))
}

/** As Berth itself chooses: Chinese where the locale is, else English. */
export function languageOf(env: Readonly<Record<string, string | undefined>>): Language {
  const locale = env['LC_ALL'] || env['LC_MESSAGES'] || env['LANG'] || ''
  return /^zh([^a-z]|$)/i.test(locale) ? 'zh-CN' : 'en'
}
