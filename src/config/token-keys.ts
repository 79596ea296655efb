import { z } from 'zod'
import { key } from './documented-key.ts'
import { file, url, word } from './values.ts'

/** What is said of a token service elsewhere. */
export const tokenKeys = z.strictObject({
  realm: key(url().optional(), {
    en:
      'The address of a token service elsewhere that decides who may do what here. Its tokens are taken then, and what their `access` ' +
      'names is allowed, no more and no less. When it is not set, Berth issues tokens itself.',
    zh:
      '外部令牌服务的地址，由它决定谁可以在这里做什么。设置后接受它签发的令牌，令牌的 `access` 写明的即为允许的，不多也不少。' +
      '不设置时由 Berth 自己签发令牌。',
  }),
  service: key(word().optional(), {
    en: 'What that token service calls this registry: the audience of its tokens.',
    zh: '该令牌服务对本仓库的称呼，即令牌的受众（audience）。',
  }),
  issuer: key(word().optional(), {
    en: 'What that token service calls itself in its tokens.',
    zh: '该令牌服务在令牌中的自称（issuer）。',
  }),
  root_certificates: key(file().optional(), {
    en:
      'A file in PEM with certificates or public keys that it signs with, or with the roots of its certificates. A token brings a chain of ' +
      'certificates in `x5c` that ends in one of them, or names one by its fingerprint in `kid`, as libtrust or RFC 7638 write it.',
    zh:
      'PEM 文件，包含其签名所用的证书或公钥，或其证书的根。令牌在 `x5c` 中带有以其中之一为终点的证书链，或用 `kid` 中的指纹' +
      '（libtrust 或 RFC 7638 的写法）指明其中之一。',
  }),
  jwks: key(file().optional(), {
    en: 'A file with the keys that it signs with, as a JSON Web Key Set (RFC 7517): ES256, EdDSA, or RS256 with 2048 bits and more.',
    zh: '其签名所用密钥的文件，JSON Web Key Set 格式（RFC 7517）：ES256、EdDSA，或 2048 位以上的 RS256。',
  }),
})
