/** Why a server could not start, in both languages. */
export const startTexts = {
  en: {
    'start.port-in-use':
      'cannot listen on {address}: another program uses that port. Stop it, or choose another port with --listen {host}:PORT',
    'start.no-address': 'cannot listen on {address}: this machine has no such address. Choose one it has, such as 127.0.0.1:5000',
    'start.port-forbidden':
      'cannot listen on {address}: the system does not allow this user that port. Choose a port above 1023, such as {host}:5000',
    'start.ops': 'cannot listen on {opsAddress} for operators: {reason}. Set ops.listen to another address, or leave it out',
    'start.redirect': 'cannot listen on {redirectAddress} for redirects: {reason}. Set tls.redirect to another address, or leave it out',
    'start.admin-password': 'cannot make the first account with the password of admin.password: {reason}',
    'start.data-unusable':
      'cannot use the data directory {data}: {reason}. Make it writable for this user, or choose another with --data DIR',
    'start.locked':
      'the data directory {data} is in use by another Berth server. Stop that server, or choose another directory with --data DIR',
    'start.locked-work': 'cannot start: {reason}',
    'start.database': 'cannot use the database: {reason}',
    'start.lost':
      'cannot start: {reason}. Nothing was changed. Put the database back from where it went, or restore what was recorded of it with ' +
      '`berth rebuild-index --data {data}`',
    'start.occupied':
      'cannot start: {reason}. Nothing was changed. Give Berth a directory of its own with --data DIR and copy the images into it: ' +
      'docs/guide/from-distribution.md says how',
    'gc.unavailable': 'cannot collect: {reason}. Check that the database runs and that database.url is right',
    'gc.failed': 'cannot collect: {reason}',
    'start.unavailable': 'cannot start: {reason}. Check that the database runs and that database.url is right',
    'start.full': 'cannot start: {reason}. Make room, or make it writable, and start again',
    'start.failed': 'cannot start: {reason}. Start again with BERTH_LOG_LEVEL=debug to see where it failed',
    'start.certificate-unreadable': 'cannot serve TLS: {reason}. Let the user that Berth runs as read it, or correct the path',
    'start.certificate-not-pem': 'cannot serve TLS: {reason}',
    'start.certificate-encrypted': 'cannot serve TLS: {reason}. Decrypt it with `openssl pkey -in OLD -out NEW`',
    'start.certificate-mismatch': 'cannot serve TLS: {reason}. Name the key that this certificate was issued for',
    'start.certificate-expired': 'cannot serve TLS: {reason}. Renew it',
    'start.certificate-not-yet': 'cannot serve TLS: {reason}. Wait until then, or set the clock of this machine',
  },
  'zh-CN': {
    'start.port-in-use': '无法在 {address} 上提供服务：该端口已被其他程序占用。请停止那个程序，或用 --listen {host}:PORT 换一个端口',
    'start.no-address': '无法在 {address} 上提供服务：本机没有这个地址。请使用本机已有的地址，例如 127.0.0.1:5000',
    'start.port-forbidden': '无法在 {address} 上提供服务：系统不允许当前用户使用该端口。请使用大于 1023 的端口，例如 {host}:5000',
    'start.ops': '无法在 {opsAddress} 上提供运维服务：{reason}。请把 ops.listen 改为其他地址，或去掉它',
    'start.redirect': '无法在 {redirectAddress} 上提供重定向：{reason}。请把 tls.redirect 改为其他地址，或去掉它',
    'start.admin-password': '无法用 admin.password 中的密码创建第一个账号：{reason}',
    'start.data-unusable': '无法使用数据目录 {data}：{reason}。请让当前用户可以写入，或用 --data DIR 换一个目录',
    'start.locked': '数据目录 {data} 正被另一个 Berth 服务使用。请停止那个服务，或用 --data DIR 换一个目录',
    'start.locked-work': '无法启动：{reason}',
    'start.database': '无法使用数据库：{reason}',
    'start.lost': '无法启动：{reason}。没有做任何改动。请把数据库放回原处，或用 `berth rebuild-index --data {data}` 恢复已记录的内容',
    'start.occupied':
      '无法启动：{reason}。没有做任何改动。请用 --data DIR 给 Berth 一个单独的目录，再把镜像复制过去：方法见 docs/guide/zh-CN/from-distribution.md',
    'gc.unavailable': '无法回收：{reason}。请确认数据库正在运行，并检查 database.url',
    'gc.failed': '无法回收：{reason}',
    'start.unavailable': '无法启动：{reason}。请确认数据库正在运行，并检查 database.url',
    'start.full': '无法启动：{reason}。请腾出空间或使其可写，然后重新启动',
    'start.failed': '无法启动：{reason}。请设置 BERTH_LOG_LEVEL=debug 再次启动，以查看出错的位置',
    'start.certificate-unreadable': '无法提供 TLS：{reason}。请让运行 Berth 的用户可以读取它，或更正路径',
    'start.certificate-not-pem': '无法提供 TLS：{reason}',
    'start.certificate-encrypted': '无法提供 TLS：{reason}。请用 `openssl pkey -in OLD -out NEW` 解密',
    'start.certificate-mismatch': '无法提供 TLS：{reason}。请给出签发证书时所用的私钥',
    'start.certificate-expired': '无法提供 TLS：{reason}。请续期',
    'start.certificate-not-yet': '无法提供 TLS：{reason}。请等到那时，或校准本机的时钟',
  },
} as const
