import { Aws, Duration } from "aws-cdk-lib";
import { Alarm, ComparisonOperator, type IMetric, TreatMissingData } from "aws-cdk-lib/aws-cloudwatch";
import { SnsAction } from "aws-cdk-lib/aws-cloudwatch-actions";
import { PolicyStatement, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import type { IKey } from "aws-cdk-lib/aws-kms";
import { Topic } from "aws-cdk-lib/aws-sns";
import { EmailSubscription } from "aws-cdk-lib/aws-sns-subscriptions";
import { Construct } from "constructs";
import { endpointMetrics, FAILURES_TOLD } from "../endpoint-metrics.ts";
import type { Stage } from "../stage.ts";
import { ownMetric } from "./own-metrics.ts";
import type { Watched } from "./watched.ts";

/** A first instance takes some ten minutes to start. */
const WITHOUT_CAPACITY_MINUTES = 30;
/**
 * An instance that runs is counted sixty times an hour. Between one that goes and the next lie the minutes in which that one
 * starts, some eight of them, so that an hour with a pause has 52 at most; five counts may get lost.
 */
const WHOLE_HOUR_SAMPLES = 55;

export interface AlarmsProps {
  readonly stage: Stage;
  readonly key: IKey;
  readonly watched: Watched;
}

interface AlarmOptions {
  readonly metric: IMetric;
  readonly description: string;
  /** @default 1 */
  readonly threshold?: number;
  /** Periods of the metric in a row. @default 1 */
  readonly periods?: number;
  /** What no figure at all means. @default all is well */
  readonly missing?: TreatMissingData;
}

/** Whatever somebody has to look at, sent to one topic and from there by e-mail; each says what it means and where to look. */
export class Alarms extends Construct {
  readonly topic: Topic;

  constructor(scope: Construct, id: string, { stage, key, watched }: AlarmsProps) {
    super(scope, id);
    this.topic = new Topic(this, "Topic", { masterKey: key, enforceSSL: true });
    // A topic with a policy of its own, here the one about TLS, admits nobody by default.
    this.topic.addToResourcePolicy(
      new PolicyStatement({
        principals: [new ServicePrincipal("cloudwatch.amazonaws.com")],
        actions: ["sns:Publish"],
        resources: [this.topic.topicArn],
        conditions: { StringEquals: { "aws:SourceAccount": Aws.ACCOUNT_ID } },
      }),
    );
    this.topic.addSubscription(new EmailSubscription(stage.alarmEmail));
    this.ofQueues(watched);
    this.ofFunctions(watched);
    this.ofGradings(stage);
    this.ofEndpoint(watched, stage);
    this.ofApi(watched);
  }

  private ofQueues({ queues }: Watched): void {
    for (const [name, { deadLetters }] of Object.entries(queues)) {
      this.alarm(`${name}DeadLetters`, {
        metric: deadLetters.metricApproximateNumberOfMessagesVisible({
          period: Duration.minutes(5),
          statistic: "Maximum",
        }),
        description: `${name}: messages that a station gave up. Their attribute "cause" says why; redrive them once it is mended.`,
      });
    }
  }

  private ofFunctions({ functions }: Watched): void {
    for (const [name, { lambda }] of Object.entries(functions)) {
      this.alarm(`${name}Errors`, {
        metric: lambda.metricErrors({ period: Duration.minutes(5) }),
        description: `${name}: executions that ended with an error. Look into the function's log.`,
      });
      this.alarm(`${name}Throttles`, {
        metric: lambda.metricThrottles({ period: Duration.minutes(5) }),
        description: `${name}: executions that Lambda refused. Raise its concurrency or the account's.`,
        periods: 3,
      });
    }
  }

  private ofGradings({ name, alarmAfterMinutesUnfinished }: Stage): void {
    this.alarm("OldestUnfinished", {
      metric: ownMetric(name, "OldestUnfinishedSeconds"),
      description: "A grading waits for too long, or the sweeper, which says how long, has stopped.",
      threshold: 60 * alarmAfterMinutesUnfinished,
      periods: 3,
      missing: TreatMissingData.BREACHING,
    });
  }

  private ofEndpoint({ endpoint }: Watched, stage: Stage): void {
    const metrics = endpointMetrics(endpoint.name, endpoint.variant);
    endpoint.rollback.addAlarmAction(new SnsAction(this.topic));
    this.alarm("ModelFailures", {
      metric: metrics.failures,
      description:
        "The model failed on clips or refused them; objects under failures/ say why. After a new cropper some are cut anew.",
      threshold: FAILURES_TOLD,
    });
    this.alarm("Expired", {
      metric: metrics.expired,
      description: "Clips waited for the model longer than they may. The sweeper asks again; look at the backlog.",
    });
    this.alarm("NoCapacity", {
      metric: metrics.backlogWithoutCapacity,
      description: "Clips wait and no instance starts: the region may have none, or the account's quota is used up.",
      periods: WITHOUT_CAPACITY_MINUTES,
    });
    this.alarm("RunsForHours", {
      metric: metrics.instances(Duration.hours(1)),
      description: "An instance has run for hours on end: look whether it has work, since it is what costs most.",
      // Several that ran for a part of the hour each come to as many, and to the same bill.
      threshold: WHOLE_HOUR_SAMPLES,
      periods: stage.endpoint.alarmAfterHours,
    });
  }

  private ofApi({ api }: Watched): void {
    this.alarm("ApiFaults", {
      metric: api.metricServerError({ period: Duration.minutes(5) }),
      description: "The API answered with 5xx. Look into the function's log.",
    });
  }

  private alarm(name: string, { metric, description, threshold = 1, periods = 1, missing }: AlarmOptions): void {
    const alarm = new Alarm(this, name, {
      alarmDescription: description,
      metric,
      threshold,
      evaluationPeriods: periods,
      comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      treatMissingData: missing ?? TreatMissingData.NOT_BREACHING,
    });
    alarm.addAlarmAction(new SnsAction(this.topic));
  }
}
