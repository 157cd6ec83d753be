// Elements from plain values. Everything from outside goes in as text, never as HTML.

export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat(2).filter((child) => child !== null && child !== undefined));
  return element;
}

// Minor units to what people read: 585 GBP is £5.85, 585 JPY is ¥585.
export function money(amount, currency, options = {}) {
  const format = new Intl.NumberFormat("en-GB", { style: "currency", currency, ...options });
  return format.format(amount / 10 ** format.resolvedOptions().maximumFractionDigits);
}

export function when(time, zone, options) {
  return new Intl.DateTimeFormat("en-GB", { timeZone: zone, ...options }).format(new Date(time));
}
