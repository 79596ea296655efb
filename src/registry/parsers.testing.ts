/** What the fuzzer reads with. */
export { createUploadNames } from './upload-name.ts'
