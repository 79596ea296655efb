import { again } from './meddlers.ts'
import { Refused } from './network.ts'
import type { Client, Workload } from './workload.ts'

/** Why a job can't be cancelled, or a schedule not made. */
const obstacles = ['JOB_OVER', 'JOB_UNKNOWN', 'SCHEDULE_EXISTS']

/** Queues jobs, cancels some, and has others come by themselves. */
export async function askForJobs(workload: Workload, name: string): Promise<void> {
  const asked: number[] = []
  await again(workload, name, async (_, client) => {
    try {
      await askOne(client, asked)
    } catch (error) {
      if (!(error instanceof Refused) || !obstacles.includes(error.code)) throw error
    }
  })
}

async function askOne({ api, random }: Client, asked: number[]): Promise<void> {
  const does = random.below(100)
  const recent = asked[asked.length - 1 - random.below(3)]
  if (does < 10) return await api.createSchedule('by-itself', '30 * * * *')
  if (does < 30) return void asked.push((await api.queueCollection()).id)
  if (does < 75 || recent === undefined) return void asked.push((await api.queueSteps(random.between(1, 4))).id)
  await api.cancelJob(recent)
}
