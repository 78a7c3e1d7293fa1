// What the page's script finds of a browser when a test runs it: elements that keep what they
// are given. The whole picture is in view.
const made = {};
function element(name) {
  return made[name] ??= {
    dataset: {}, style: {}, value: "", textContent: "", innerHTML: "", clientWidth: 1200, clientHeight: 1e7, get scrollTop() { return 0; }, set scrollTop(_) {}, scrollLeft: 0,
    classList: { toggle() {} }, firstElementChild: {}, firstChild: {}, append() {}, focus() {}, setAttribute() {}, addEventListener() {},
    getBoundingClientRect: () => ({ top: 0, height: 900 }), getContext: () => ({ fillRect() {} }),
  };
}
globalThis.document = {
  getElementById: element, documentElement: {}, body: element("body"), querySelector: () => null, addEventListener() {},
  createElement: () => { let n = 0; while (made["new" + n]) n++; return element("new" + n); },
};
globalThis.getComputedStyle = () => ({ getPropertyValue: () => "" });
globalThis.addEventListener = () => {};
element("data").textContent = String.raw`DATA`;
SCRIPT
process.stdout.write(element("picture").innerHTML);
