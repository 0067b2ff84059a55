/** Fixed-point quantities such as 100m, 1.5Gi and 2e3 (upstream: apimachinery/pkg/api/resource). */

/** How a quantity is written. */
type Format = "DecimalSI" | "BinarySI" | "DecimalExponent";

/** A text is no quantity. The messages are upstream's. */
export class QuantityError extends Error {
  override name = "QuantityError";
}

const wrongFormat = "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";
const numberAndSuffix = /^([+-]?)(\d*)(?:\.(\d*))?([eEinumkKMGTP]*[-+]?\d*)$/;
const decimalSuffixes = ["n", "u", "m", "", "k", "M", "G", "T", "P", "E"];
const binarySuffixes = ["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"];
/** Amounts are counted in nanos, the smallest that upstream keeps. */
const nano = 1_000_000_000n;
const largest = (2n ** 63n - 1n) * nano;

const power = (base: bigint, exponent: number) => base ** BigInt(exponent);

/** a / b rounded away from zero; b is positive. */
function divideUp(a: bigint, b: bigint): bigint {
  if (a >= 0n) return (a + b - 1n) / b;
  return -((-a + b - 1n) / b);
}

/** An amount of a resource. Immutable. */
export class Quantity {
  /** The amount in 10^-9. */
  readonly nanos: bigint;
  readonly #format: Format;
  #text: string | undefined;

  constructor(nanos: bigint, format: Format = "DecimalSI", text?: string) {
    this.nanos = nanos;
    this.#format = format;
    this.#text = text;
  }

  /** A whole number. */
  static of(value: number | bigint, format: Format = "DecimalSI"): Quantity {
    return new Quantity(BigInt(value) * nano, format);
  }

  /** Thousandths. */
  static ofMillis(value: number | bigint, format: Format = "DecimalSI"): Quantity {
    return new Quantity(BigInt(value) * 1_000_000n, format);
  }

  /** -1, 0 or 1. */
  cmp(other: Quantity): number {
    return this.nanos < other.nanos ? -1 : this.nanos > other.nanos ? 1 : 0;
  }

  sign(): number {
    return this.nanos < 0n ? -1 : this.nanos > 0n ? 1 : 0;
  }

  isZero(): boolean {
    return this.nanos === 0n;
  }

  /** The sum, written as this one is (a zero takes the other's format). */
  add(other: Quantity): Quantity {
    return new Quantity(this.nanos + other.nanos, this.isZero() ? other.#format : this.#format);
  }

  /** The difference, written as this one is (a zero takes the other's format). */
  sub(other: Quantity): Quantity {
    return new Quantity(this.nanos - other.nanos, this.isZero() ? other.#format : this.#format);
  }

  /** In whole units, rounded up. */
  value(): bigint {
    return divideUp(this.nanos, nano);
  }

  /** In thousandths, rounded up. */
  milliValue(): bigint {
    return divideUp(this.nanos, 1_000_000n);
  }

  /** In whole units, as a number. */
  toNumber(): number {
    return Number(this.nanos) / 1e9;
  }

  /** The canonical form: no fraction, the largest suffix that loses nothing. */
  toString(): string {
    this.#text ??= this.#canonical();
    return this.#text;
  }

  toJSON(): string {
    return this.toString();
  }

  #canonical(): string {
    if (this.nanos === 0n) return "0";
    const small = this.nanos > -1024n * nano && this.nanos < 1024n * nano;
    if (this.#format === "BinarySI" && !small) return this.#binary();
    return this.#decimal(this.#format === "DecimalExponent");
  }

  #binary(): string {
    let value = divideUp(this.nanos, nano);
    let step = 0;
    while (step < binarySuffixes.length - 1 && value % 1024n === 0n) {
      value /= 1024n;
      step++;
    }
    return `${value}${binarySuffixes[step]}`;
  }

  #decimal(exponentForm: boolean): string {
    let mantissa = this.nanos;
    let exponent = -9;
    while (mantissa % 1000n === 0n && (exponentForm || exponent < 18)) {
      mantissa /= 1000n;
      exponent += 3;
    }
    if (!exponentForm) return `${mantissa}${decimalSuffixes[exponent / 3 + 3]}`;
    return exponent === 0 ? `${mantissa}` : `${mantissa}e${exponent}`;
  }
}

/** Base, exponent and format of a suffix; undefined where there is no such suffix. */
function interpret(suffix: string): { base: bigint; exponent: number; format: Format } | undefined {
  const decimal = decimalSuffixes.indexOf(suffix);
  if (decimal >= 0) return { base: 10n, exponent: decimal * 3 - 9, format: "DecimalSI" };
  const binary = binarySuffixes.indexOf(suffix);
  if (binary > 0) return { base: 2n, exponent: binary * 10, format: "BinarySI" };
  if (/^[eE][-+]?\d+$/.test(suffix)) {
    return { base: 10n, exponent: Number(suffix.slice(1)), format: "DecimalExponent" };
  }
  return undefined;
}

/** The parsed text. Throws QuantityError. */
export function parseQuantity(text: string): Quantity {
  if (text === "") throw new QuantityError(wrongFormat);
  const match = numberAndSuffix.exec(text);
  if (!match) throw new QuantityError(wrongFormat);
  const [, sign, whole, fraction = "", suffixText] = match;
  if (whole === "" && fraction === "")
    throw new QuantityError(suffixText === "" && text !== "." ? wrongFormat : wrongNumber(text));
  const suffix = interpret(suffixText);
  if (!suffix) throw new QuantityError("unable to parse quantity's suffix");
  const digits = BigInt(whole + fraction);
  if (digits === 0n) return new Quantity(0n, suffix.format);
  let nanos = scaled(digits, fraction.length, suffix);
  let { format } = suffix;
  if (format === "BinarySI" && nanos > largest) nanos = largest;
  if (format === "BinarySI" && nanos < nano) format = "DecimalSI";
  const asWritten = writtenCanonically(whole, fraction, suffix) ? text : undefined;
  return new Quantity(sign === "-" ? -nanos : nanos, format, asWritten);
}

const wrongNumber = (text: string) => (text.includes(".") ? "unable to parse numeric part of quantity" : wrongFormat);

function scaled(digits: bigint, places: number, suffix: { base: bigint; exponent: number }): bigint {
  const exponent = Math.max(-1000, Math.min(1000, suffix.exponent));
  const numerator = digits * nano * (exponent > 0 ? power(suffix.base, exponent) : 1n);
  const denominator = power(10n, places) * (exponent < 0 ? power(suffix.base, -exponent) : 1n);
  return divideUp(numerator, denominator);
}

/** Upstream keeps some texts as they were written. */
function writtenCanonically(whole: string, fraction: string, suffix: { exponent: number; format: Format }): boolean {
  const digits = (whole.replace(/^0+/, "") || "0") + fraction;
  if (digits.length > 15) return false;
  if (suffix.format === "BinarySI") return fraction === "" && (BigInt(digits) & 7n) !== 0n;
  const scale = suffix.exponent - fraction.length;
  return scale >= -9 && scale % 3 === 0 && !digits.endsWith("000") && !digits.startsWith("0");
}
