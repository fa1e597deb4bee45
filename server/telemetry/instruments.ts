/**
 * What metrics are counted with: plain numbers, since APIs check a token with every request. The
 * types of the values of a label keep them bounded; a limit catches what a type cannot.
 */

/** The values that a label can have, or a description of them where they are not listed. */
export type LabelDeclaration = readonly string[] | string;
export type LabelDeclarations = Readonly<Record<string, LabelDeclaration>>;

export type LabelValues<L extends LabelDeclarations> = {
  [Name in keyof L]: L[Name] extends readonly string[] ? L[Name][number] : string;
};

export interface Declaration<L extends LabelDeclarations> {
  /** Without the prefix of the product. */
  name: string;
  /** A sentence without a full stop, for the exposition and docs/metrics.md. */
  help: string;
  labels: L;
}

/** One time series of a counter or gauge. Code that counts often keeps it. */
export interface Series {
  readonly labels: Readonly<Record<string, string>>;
  value: number;
}

export interface HistogramSeries {
  readonly labels: Readonly<Record<string, string>>;
  /** For each bucket, and one more for what is above the last: not cumulated. */
  readonly counts: number[];
  sum: number;
}

/** More series of one metric than this are counted together, with "other" as each label. */
const MAX_SERIES = 2000;
/** Series of labels whose values are listed exist from the start, so that their first increase is seen. */
const MAX_INITIAL_SERIES = 64;

abstract class Instrument<L extends LabelDeclarations, S extends { labels: object }> {
  readonly name: string;
  readonly help: string;
  readonly labels: L;
  readonly #series = new Map<string, S>();
  readonly #names: readonly string[];

  constructor({ name, help, labels }: Declaration<L>) {
    this.name = name;
    this.help = help;
    this.labels = labels;
    this.#names = Object.keys(labels);
  }

  protected abstract create(labels: Record<string, string>): S;

  /** The series with these labels. */
  with(values: LabelValues<L>): S {
    const record = values as Record<string, string>;
    let key = "";
    for (const name of this.#names) key += `${record[name]}\0`;
    return this.#series.get(key) ?? this.#add(key, record);
  }

  protected allSeries(): S[] {
    return [...this.#series.values()];
  }

  protected createInitialSeries(): void {
    const lists = Object.values(this.labels);
    const count = lists.reduce(
      (product, values) => product * (typeof values === "string" ? Infinity : values.length),
      1,
    );
    if (count > MAX_INITIAL_SERIES) return;
    let combinations: Record<string, string>[] = [{}];
    for (const [name, values] of Object.entries(this.labels)) {
      combinations = combinations.flatMap((labels) =>
        [...values].map((value) => ({ ...labels, [name]: value }))
      );
    }
    for (const labels of combinations) this.with(labels as LabelValues<L>);
  }

  #add(key: string, values: Record<string, string>): S {
    const isFull = this.#series.size >= MAX_SERIES;
    const usedKey = isFull ? "other" : key;
    const existing = this.#series.get(usedKey);
    if (existing !== undefined) return existing;
    const labels = Object.fromEntries(
      this.#names.map((name) => [name, isFull ? "other" : values[name]]),
    );
    const series = this.create(labels);
    this.#series.set(usedKey, series);
    return series;
  }
}

/** A value that is known elsewhere, read when metrics are collected; undefined: unknown now. */
type Read<L extends LabelDeclarations> = () => Iterable<
  readonly [labels: LabelValues<L>, value: number | undefined]
>;

/** Counters and gauges. */
abstract class NumberInstrument<L extends LabelDeclarations> extends Instrument<L, Series> {
  readonly #reads: Read<L>[] = [];

  protected create(labels: Record<string, string>): Series {
    return { labels, value: 0 };
  }

  /** Reads values that are counted elsewhere. Values of the same labels are added up. */
  read(read: Read<L>): void {
    this.#reads.push(read);
  }

  collect(): Series[] {
    const own = this.allSeries();
    if (this.#reads.length === 0) return own;
    const all = new Map(own.map(({ labels, value }) => [keyOf(labels), { labels, value }]));
    for (const read of this.#reads) {
      for (const [labels, value] of read()) {
        if (value === undefined) continue;
        const key = keyOf(labels);
        const series = all.get(key);
        if (series === undefined) all.set(key, { labels: labels as Series["labels"], value });
        else series.value += value;
      }
    }
    return [...all.values()];
  }
}

function keyOf(labels: object): string {
  return Object.values(labels).join("\0");
}

export class Counter<L extends LabelDeclarations> extends NumberInstrument<L> {
  readonly type = "counter";

  constructor(declaration: Declaration<L>) {
    super(declaration);
    this.createInitialSeries();
  }

  increase(labels: LabelValues<L>, by = 1): void {
    this.with(labels).value += by;
  }
}

export class Gauge<L extends LabelDeclarations> extends NumberInstrument<L> {
  readonly type = "gauge";

  set(labels: LabelValues<L>, value: number): void {
    this.with(labels).value = value;
  }
}

export class Histogram<L extends LabelDeclarations> extends Instrument<L, HistogramSeries> {
  readonly type = "histogram";
  /** Upper bounds, ascending. */
  readonly buckets: readonly number[];
  constructor({ buckets, ...declaration }: Declaration<L> & { buckets: readonly number[] }) {
    super(declaration);
    this.buckets = buckets;
    this.createInitialSeries();
  }

  protected create(labels: Record<string, string>): HistogramSeries {
    return { labels, counts: new Array(this.buckets.length + 1).fill(0), sum: 0 };
  }

  observe(labels: LabelValues<L>, value: number): void {
    this.add(this.with(labels), value);
  }

  /** The same for a series that the caller keeps. */
  add(series: HistogramSeries, value: number): void {
    const { buckets } = this;
    let index = 0;
    while (index < buckets.length && value > buckets[index]) index++;
    series.counts[index]++;
    series.sum += value;
  }

  collect(): HistogramSeries[] {
    return this.allSeries();
  }
}

export type AnyInstrument =
  | Counter<LabelDeclarations>
  | Gauge<LabelDeclarations>
  | Histogram<LabelDeclarations>;
