/** A tar archive (ustar) of one regular file with the given name. */
export function tarOf(name: string, content: Uint8Array): Uint8Array<ArrayBuffer> {
  const padding = (512 - (content.length % 512)) % 512
  // Two empty blocks end the archive.
  const archive = Buffer.alloc(512 + content.length + padding + 1024)
  writeHeader(archive, name, content.length)
  archive.set(content, 512)
  return archive
}

function writeHeader(header: Buffer, name: string, size: number): void {
  header.write(name, 0, 100)
  header.write('0000644\0', 100)
  header.write('0000000\0', 108)
  header.write('0000000\0', 116)
  header.write(`${size.toString(8).padStart(11, '0')}\0`, 124)
  header.write('00000000000\0', 136)
  header.write('        ', 148)
  header.write('0', 156)
  header.write('ustar\x0000', 257)
  const sum = header.subarray(0, 512).reduce((total, byte) => total + byte, 0)
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148)
}
