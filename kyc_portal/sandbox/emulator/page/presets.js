// @ts-check
// Offers every answer that the emulator knows by name, grouped by family.

/**
 * @typedef {{ name: string, title: string }} Preset
 * @typedef {{ name: string, title: string, presets: Preset[] }} Family
 */

/** @param {Preset} preset */
function option(preset) {
  const item = document.createElement("option");
  item.value = preset.name;
  item.textContent = preset.title || preset.name;
  return item;
}

/** @param {HTMLSelectElement} list @param {Family[]} families */
export function offer(list, families) {
  const groups = families.map((family) => {
    const group = document.createElement("optgroup");
    group.label = family.title;
    group.append(...family.presets.map(option));
    return group;
  });
  list.replaceChildren(...groups);
}
