import { artifactOf, numberedBlob } from '../load/index.ts'

/** Eight layers make a manifest of 1.5 KB, an ordinary image's. */
export const image = artifactOf(Array.from({ length: 8 }, (_, i) => numberedBlob(i)))
export const repository = 'bench/app'
export const everySystem = ['berth', 'nginx', 'distribution', 'docker-registry', 'zot', 'olareg'] as const
export const wrk = { wrk: 'apt-get install wrk' } as const
