import { describe, expect, test } from "vitest";
import type { CronJob, Job } from "../../../../../lib/openapi/types/batch-v1.ts";
import { cronProblem, zoneProblem } from "../../../../../lib/registry/batch/cron-schedule.ts";
import { cronJobStrategy } from "../../../../../lib/registry/batch/cronjob.ts";
import { countIndexes, firstOverlap } from "../../../../../lib/registry/batch/indexes.ts";
import { jobStrategy } from "../../../../../lib/registry/batch/job.ts";
import { context, created, now, problems, updated } from "../objects.ts";

const template = { spec: { restartPolicy: "Never", containers: [{ name: "c", image: "i:1" }] } };
const metadata = { name: "a", namespace: "d", uid: "uid-a" };
const job = (spec: object = {}) => ({ metadata, spec: { template, ...spec } });

describe("schedules", () => {
  test.each([
    { schedule: "*/5 * * * *", want: undefined },
    { schedule: "0 0-23/2 1,15 jan-mar mon", want: undefined },
    { schedule: "@daily", want: undefined },
    { schedule: "@every 1h30m", want: undefined },
    { schedule: "", want: "empty spec string" },
    { schedule: "* * * *", want: "expected exactly 5 fields, found 4: [* * * *]" },
    { schedule: "61 * * * *", want: "end of range (61) above maximum (59): 61" },
    { schedule: "* * 0 * *", want: "beginning of range (0) below minimum (1): 0" },
    { schedule: "* * * * 7", want: "end of range (7) above maximum (6): 7" },
    { schedule: "5-3 * * * *", want: "beginning of range (5) beyond end of range (3): 5-3" },
    { schedule: "1-2-3 * * * *", want: "too many hyphens: 1-2-3" },
    { schedule: "*/2/3 * * * *", want: "too many slashes: */2/3" },
    { schedule: "*/0 * * * *", want: "step of range should be a positive number: */0" },
    { schedule: "x * * * *", want: 'failed to parse int from x: strconv.Atoi: parsing "x": invalid syntax' },
    { schedule: "@often", want: "unrecognized descriptor: @often" },
    { schedule: "@every soon", want: 'failed to parse duration @every soon: time: invalid duration "soon"' },
    { schedule: "TZ=Mars/Base * * * * *", want: "provided bad location Mars/Base: unknown time zone Mars/Base" },
  ])("$schedule", ({ schedule, want }) => {
    expect(cronProblem(schedule)).toBe(want);
  });

  test("zones are names of the IANA database", () => {
    expect([zoneProblem("Europe/Zurich"), zoneProblem("Mars/Base"), zoneProblem("+01:00")]).toEqual([
      undefined,
      "unknown time zone Mars/Base",
      "unknown time zone +01:00",
    ]);
  });
});

describe("indexes", () => {
  test.each([
    { text: "", want: 0 },
    { text: "0,3-5,7", want: 5 },
    { text: "2-1", want: "non-increasing order, previous: 2, current: 1" },
    { text: "3,3", want: "non-increasing order, previous: 3, current: 3" },
    { text: "9", want: 'too large index: "9"' },
    { text: "a", want: 'cannot convert string to integer for index: "a"' },
    {
      text: "1-2-3",
      want: `the fragment "1-2-3" violates the requirement that an index interval can have at most two parts separated by '-'`,
    },
  ])("$text", ({ text, want }) => {
    expect(countIndexes(text, 8)).toBe(want);
  });

  test("overlap at the first that both have", () => {
    expect(firstOverlap("0-2,5", "3-4,5-6", 8)).toBe(5);
    expect(firstOverlap("0-2", "3", 8)).toBeUndefined();
  });
});

describe("new jobs", () => {
  const definition = "batch.v1.Job";

  test("select their pods by their uid, and are labelled as those", () => {
    const made = created<Job>(definition, jobStrategy, job());
    const labels = {
      "batch.kubernetes.io/controller-uid": "uid-a",
      "batch.kubernetes.io/job-name": "a",
      "controller-uid": "uid-a",
      "job-name": "a",
    };
    expect(made.spec.selector).toEqual({ matchLabels: { "batch.kubernetes.io/controller-uid": "uid-a" } });
    expect([made.metadata.labels, made.spec.template.metadata?.labels]).toEqual([labels, labels]);
    expect([made.spec.completions, made.spec.parallelism, made.spec.backoffLimit]).toEqual([1, 1, 6]);
  });

  test.each([
    { name: "a plain one", spec: {}, want: [] },
    {
      name: "always restarting",
      spec: { template: { spec: { ...template.spec, restartPolicy: "Always" } } },
      want: ['spec.template.spec.restartPolicy: Required value: valid values: "OnFailure", "Never"'],
    },
    {
      name: "a limit per index without indexes",
      spec: { backoffLimitPerIndex: 1 },
      want: ["spec.backoffLimitPerIndex: Invalid value: 1: requires indexed completion mode"],
    },
    {
      name: "a manager without a domain",
      spec: { managedBy: "me" },
      want: ['spec.managedBy: Invalid value: "me": must be a domain-prefixed path (such as "acme.io/foo")'],
    },
    {
      name: "a failure policy on two things",
      spec: {
        podFailurePolicy: {
          rules: [
            { action: "FailJob", onExitCodes: { operator: "In", values: [1] }, onPodConditions: [{ type: "X" }] },
          ],
        },
      },
      want: [
        "spec.podFailurePolicy.rules[0]: Invalid value: specifying both OnExitCodes and OnPodConditions is not supported",
      ],
    },
    {
      name: "exit codes out of order and twice",
      spec: {
        podFailurePolicy: { rules: [{ action: "Count", onExitCodes: { operator: "NotIn", values: [3, 1, 1] } }] },
      },
      want: [
        "spec.podFailurePolicy.rules[0].onExitCodes.values: Invalid value: [3,1,1]: must be ordered",
        "spec.podFailurePolicy.rules[0].onExitCodes.values[2]: Duplicate value: 1",
      ],
    },
    {
      name: "a success policy beyond its indexes",
      spec: {
        completionMode: "Indexed",
        completions: 3,
        successPolicy: { rules: [{ succeededIndexes: "0-1", succeededCount: 3 }] },
      },
      want: [
        "spec.successPolicy.rules[0].succeededCount: Invalid value: 3: must be less than or equal to 2 (the number of indexes in the specified succeededIndexes field)",
      ],
    },
    {
      name: "many failed indexes of many",
      spec: { completionMode: "Indexed", completions: 100_001, parallelism: 10_001, backoffLimitPerIndex: 1 },
      want: [
        "spec.maxFailedIndexes: Required value: must be specified when completions is above 100000",
        "spec.parallelism: Invalid value: 10001: must be less than or equal to 10000 when completions are above 100000 and used with backoff limit per index",
      ],
    },
  ])("$name", async ({ spec, want }) => {
    expect(await problems(definition, jobStrategy, job(spec))).toEqual(want);
  });

  test("orphan their pods with a warning unless told what to do", () => {
    expect(jobStrategy.defaultDeletion).toBe("orphan");
    expect(jobStrategy.warningsOnDelete?.({})).toHaveLength(1);
    expect(jobStrategy.warningsOnDelete?.({ propagationPolicy: "Background" })).toEqual([]);
  });
});

describe("jobs that change", () => {
  const definition = "batch.v1.Job";
  const make = (spec: object = {}) => created<Job>(definition, jobStrategy, job(spec));
  const select = (one: Job) => {
    if (one.spec.template.spec) one.spec.template.spec.nodeSelector = { x: "y" };
  };

  test("where pods run may change only while none does", async () => {
    const running = await updated(definition, jobStrategy, make() as never, select as never);
    expect(running.problems[0]).toContain("spec.template: Invalid value");
    const resting = await updated(definition, jobStrategy, make({ suspend: true }) as never, select as never);
    expect(resting.problems).toEqual([]);
    const image = await updated(definition, jobStrategy, make({ suspend: true }) as never, (one: Job) => {
      if (one.spec.template.spec) one.spec.template.spec.containers[0].image = "i:2";
    });
    expect(image.problems[0]).toContain("spec.template.spec: Invalid value");
  });

  test("completions go with parallelism where there are indexes", async () => {
    const old = make({ completionMode: "Indexed", completions: 2, parallelism: 2 });
    const set = (completions: number, parallelism: number) => (one: Job) => {
      Object.assign(one.spec, { completions, parallelism });
    };
    expect((await updated(definition, jobStrategy, old as never, set(3, 3) as never)).problems).toEqual([]);
    expect((await updated(definition, jobStrategy, old as never, set(3, 2) as never)).problems).toEqual([
      "spec.completions: Invalid value: 3: can only be modified in tandem with spec.parallelism",
    ]);
  });

  const time = "2026-01-01T00:00:00Z";
  const condition = (type: string) => ({ type, status: "True", lastTransitionTime: time });
  const finished = {
    startTime: time,
    completionTime: time,
    succeeded: 1,
    conditions: [condition("SuccessCriteriaMet"), condition("Complete")],
  };

  test.each([
    { name: "complete", before: {}, after: finished, want: [] },
    {
      name: "complete without a reason",
      before: {},
      after: { conditions: [condition("Complete")] },
      want: [
        "status.completionTime: Required value: completionTime is required for Complete jobs",
        "status.conditions: Invalid value: cannot set Complete=True condition without the SuccessCriteriaMet=true condition",
        "status.startTime: Required value: startTime is required for finished job",
      ],
    },
    {
      name: "not complete any more",
      before: finished,
      after: { ...finished, conditions: [] },
      want: [
        `status.completionTime: Invalid value: "${time}": cannot set completionTime when there is no Complete=True condition`,
        "status.conditions: Invalid value: cannot disable the SuccessCriteriaMet=True condition",
        "status.conditions: Invalid value: cannot disable the terminal Complete=True condition",
      ],
    },
    {
      name: "fewer that succeeded",
      before: { succeeded: 2 },
      after: { succeeded: 1 },
      want: ["status.succeeded: Invalid value: 1: cannot decrease the succeeded counter"],
    },
    {
      name: "more ready than active",
      before: {},
      after: { active: 1, ready: 2 },
      want: ["status.ready: Invalid value: 2: cannot set more ready pods than active"],
    },
    {
      name: "another start",
      before: { startTime: time },
      after: { startTime: "2026-01-02T00:00:00Z" },
      want: [
        'status.startTime: Invalid value: "2026-01-02T00:00:00Z": field is immutable for unsuspended job once set',
      ],
    },
  ])("status: $name", async ({ before, after, want }) => {
    const old = { ...make(), status: before };
    const set = (one: Job) => Object.assign(one, { status: after });
    expect((await updated(definition, jobStrategy, old as never, set as never, "status")).problems).toEqual(want);
  });
});

describe("cron jobs", () => {
  const definition = "batch.v1.CronJob";
  const cronJob = (spec: object = {}) => ({
    metadata,
    spec: { schedule: "@daily", jobTemplate: { spec: { template } }, ...spec },
  });

  test.each([
    { name: "a plain one", spec: {}, want: [] },
    {
      name: "a local zone",
      spec: { timeZone: "Local" },
      want: [
        'spec.timeZone: Invalid value: "Local": timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones',
      ],
    },
    {
      name: "a zone in its schedule",
      spec: { schedule: "TZ=UTC * * * * *" },
      want: [
        'spec.schedule: Invalid value: "TZ=UTC * * * * *": cannot use TZ or CRON_TZ in schedule, use timeZone field instead',
      ],
    },
    {
      name: "a selector by hand",
      spec: { jobTemplate: { spec: { template, manualSelector: true } } },
      want: ['spec.jobTemplate.spec.manualSelector: Unsupported value: true: supported values: "nil", "false"'],
    },
    {
      name: "unknown concurrency",
      spec: { concurrencyPolicy: "Odd" },
      want: ['spec.concurrencyPolicy: Unsupported value: "Odd": supported values: "Allow", "Forbid", "Replace"'],
    },
  ])("$name", async ({ spec, want }) => {
    expect(await problems(definition, cronJobStrategy, cronJob(spec))).toEqual(want);
  });

  test("a name leaves room for that of its jobs", async () => {
    const long = { ...cronJob(), metadata: { ...metadata, name: "x".repeat(53) } };
    expect(await problems(definition, cronJobStrategy, long)).toEqual([
      `metadata.name: Invalid value: "${"x".repeat(53)}": must be no more than 52 characters`,
    ]);
  });

  test("the template's jobs are not defaulted as jobs are", () => {
    const made = created<CronJob>(definition, cronJobStrategy, cronJob(), context());
    expect(made.spec.jobTemplate.spec?.backoffLimit).toBeUndefined();
    expect(made.spec.successfulJobsHistoryLimit).toBe(3);
  });
});

describe("rows", () => {
  const meta = { ...metadata, creationTimestamp: "2026-01-01T00:00:00Z" };
  const age = { now: now + 60_000 };

  test.each([
    { name: "one that runs", status: { startTime: "2026-01-01T00:00:10Z" }, want: ["a", "Running", "0/3", "50s"] },
    {
      name: "one that is suspended",
      status: { conditions: [{ type: "Suspended", status: "True" }] },
      want: ["a", "Suspended", "0/3", ""],
    },
    {
      name: "one that failed",
      status: {
        succeeded: 1,
        startTime: "2026-01-01T00:00:00Z",
        completionTime: "2026-01-01T00:00:05Z",
        conditions: [{ type: "Failed", status: "True" }],
      },
      want: ["a", "Failed", "1/3", "5s"],
    },
  ])("of $name", ({ status, want }) => {
    const one = { metadata: meta, spec: { completions: 3, template }, status };
    expect(jobStrategy.cells?.(one as never, age)).toEqual([...want, "60s", "c", "i:1", "<none>"]);
  });

  test("of a cron job", () => {
    const one = { metadata: meta, spec: { schedule: "@daily", suspend: false, jobTemplate: { spec: { template } } } };
    expect(cronJobStrategy.cells?.(one as never, age)).toEqual([
      "a",
      "@daily",
      "<none>",
      "False",
      0,
      "<none>",
      "60s",
      "c",
      "i:1",
      "<none>",
    ]);
  });
});
