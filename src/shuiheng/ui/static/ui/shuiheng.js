/* Every page works without this. */
(() => {
  'use strict';
  const doc = document, all = (selector, root = doc) => [...root.querySelectorAll(selector)];
  const on = (type, act) => doc.addEventListener(type, act);
  const parse = text => { try { return JSON.parse(text) || {}; } catch (e) { return {}; } };

  /* Other unit; months. */
  const read = text => parseFloat(/^[\d.,\s−-]+$/.test(text = text.normalize('NFKC')) ? text.replace(/[,\s]/g, '').replace('−', '-') : '');
  const write = number => number.toLocaleString('en-US', { maximumFractionDigits: 4 }).replace('-', '−');
  const exact = number => Math.round(number * 1e4) / 1e4;
  const place = input => { const field = input.closest('.field'); return field && field.querySelector('[data-echo]'); };
  function echo(input) {
    const unit = input.dataset.volume, line = unit && place(input);
    if (!line) return;
    const n = read(input.value);
    line.textContent = isNaN(n) ? '' : unit === 'm³' ? `= ${write(n / 1e4)} 万m³` : `= ${write(Math.round(n * 1e4))} m³`;
  }
  function months(input) {
    if (!input.form) return;
    const box = input.closest('[data-months]') || all('[data-months]', input.form).find(b => b.dataset.total === input.name);
    const line = box && place(box);
    if (!line) return;
    const sum = exact(all('input', box).reduce((whole, e) => whole + read(e.value), 0)), year = input.form.elements[box.dataset.total];
    const rest = year ? exact(read(year.value) - sum) : NaN;
    line.className = isNaN(rest) ? '' : rest ? 'unequal' : 'equal';
    line.textContent = isNaN(sum) ? '' : `十二个月合计 ${write(sum)}` + (isNaN(rest) ? '' : rest ? `，与全年差 ${write(rest)}` : '，与全年相等');
  }
  all('[data-months] label:last-child input').forEach(months);

  /* Kept until saved. */
  let store; try { store = localStorage; store.getItem(''); } catch (e) { store = null; }
  const mine = `shuiheng:${doc.body.dataset.person || ''}:`, key = form => mine + location.pathname + ':' + form.dataset.draft;
  const typed = form => [...form.elements].filter(e => e.name && !/^(hidden|file|password|submit|button)$/.test(e.type) && !('nodraft' in e.dataset));
  const values = form => typed(form).map(e => [e.name, e.value, !!e.checked]);
  function put(form, saved) {
    typed(form).forEach((e, i) => {
      const [name, value, checked] = saved[i] || [];
      if (name !== e.name) return;
      if (/^(checkbox|radio)$/.test(e.type)) e.checked = checked; else e.value = value;
      echo(e); months(e);
    });
  }
  function keep(form, sent) {
    try { store.setItem(key(form), JSON.stringify({ at: Date.now(), sent, values: values(form) })); } catch (e) { }
  }
  function restore(form) {
    const was = values(form), kept = parse(store.getItem(key(form)));
    if (!kept.values || kept.values.length !== was.length || String(kept.values) === String(was)) return store.removeItem(key(form));
    put(form, kept.values);
    const at = new Date(kept.at), note = doc.createElement('div'), back = doc.createElement('button');
    note.className = 'finding note draft-note'; note.setAttribute('role', 'status');
    note.textContent = `已恢复您 ${at.getMonth() + 1}月${at.getDate()}日 ${at.toTimeString().slice(0, 5)} 填的内容，还没有提交。`;
    back.className = 'button small'; back.type = 'button'; back.textContent = '不要这些';
    back.onclick = () => { put(form, was); store.removeItem(key(form)); note.remove(); };
    note.append(' ', back); form.prepend(note);
  }
  if (store) {
    const saved = doc.querySelector('[data-saved]');
    Object.keys(store).filter(k => k.startsWith('shuiheng:')).forEach(k => {
      const kept = parse(store.getItem(k));
      if (!(kept.at > Date.now() - 12096e5) || kept.sent && saved && k.startsWith(mine)) store.removeItem(k);
    });
    all('form[data-draft]').forEach(form => form.querySelector('[data-bound]') ? keep(form) : restore(form));
  }

  on('htmx:beforeRequest', ({ target }) => { target.dataset.asked = Date.now(); });
  on('htmx:afterRequest', ({ target: e, detail }) => {
    if (store && detail.successful && e.matches('form[data-draft]') && parse(store.getItem(key(e))).at < e.dataset.asked) store.removeItem(key(e));
  });
  function pair(e) {
    if ('pair' in e.dataset && parseFloat(e.value) >= 0) all('[data-pair]', e.closest('.field')).forEach(o => { if (o !== e) o.value = e.value; });
  }

  let waiting;
  on('input', ({ target: e }) => {
    echo(e); months(e); pair(e);
    if (!store || !e.form || !('draft' in e.form.dataset)) return;
    clearTimeout(waiting); waiting = setTimeout(keep, 300, e.form);
  });
  on('change', ({ target: e }) => {
    if ('auto' in e.dataset) e.form.submit();
    if ('shrink' in e.dataset) shrink(e);
    if (e.type === 'checkbox') boxes(e);
  });

  /* Bulk boxes. */
  function boxes(box) {
    const name = box.dataset.all || box.name, head = doc.querySelector(`[data-all="${name}"]`), list = all(`input[type=checkbox][name="${name}"]`);
    if (!head) return;
    if (box === head) list.forEach(e => { e.checked = head.checked; });
    const left = list.filter(e => !e.checked).length;
    head.checked = !left;
    all('[data-picked]').forEach(e => { const whole = e.dataset.picked || list.length; e.textContent = `已选 ${whole - left} / ${whole}`; });
  }

  /* Photos: long edge 1600 px. */
  async function smaller(file) {
    if (!/^image\/(jpeg|png)$/.test(file.type)) return file;
    const pic = await createImageBitmap(file, { imageOrientation: 'from-image' });
    const scale = Math.min(1, 1600 / Math.max(pic.width, pic.height)), area = doc.createElement('canvas');
    area.width = pic.width * scale; area.height = pic.height * scale;
    area.getContext('2d').drawImage(pic, 0, 0, area.width, area.height);
    const blob = await new Promise(done => area.toBlob(done, 'image/jpeg', 0.8));
    return blob && blob.size < file.size ? new File([blob], file.name.replace(/\.\w+$/, '') + '.jpg', { type: blob.type }) : file;
  }
  async function shrink(input) {
    try {
      const moved = new DataTransfer();
      (await Promise.all([...input.files].map(smaller))).forEach(file => moved.items.add(file));
      input.files = moved.files;
    } catch (e) { }
  }

  /* One submit at a time. */
  on('submit', event => {
    const form = event.target, now = Date.now();
    if (event.defaultPrevented || form.method === 'get') return;
    if (now - (form.dataset.sent || 0) < 10000) return event.preventDefault();
    form.dataset.sent = now;
    if (store && 'draft' in form.dataset) { clearTimeout(waiting); keep(form, true); }
  });
  addEventListener('pageshow', () => all('form[data-sent]').forEach(form => { delete form.dataset.sent; }));

  /* Repairs, menus. */
  const close = except => all('details.menu[open]').forEach(m => { if (!m.contains(except)) m.open = false; });
  on('click', event => {
    close(event.target);
    const button = event.target.closest('[data-repair]');
    if (!button) return;
    const [name, value] = button.value.split('='), field = button.form && button.form.elements[name];
    if (!field) return;
    event.preventDefault();
    field.value = value; ['input', 'change'].forEach(t => field.dispatchEvent(new Event(t, { bubbles: true }))); field.focus();
  });

  /* Keys on buttons; / searches. */
  on('keydown', event => {
    const e = event.target, pressed = event.key.toLowerCase();
    if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
    if (pressed === 'escape') close(null);
    if (/^(SELECT|TEXTAREA)$/.test(e.tagName) || e.tagName === 'INPUT' && !/^(checkbox|radio)$/.test(e.type)) return;
    if (pressed === 'enter' && /^(A|BUTTON|SUMMARY)$/.test(e.tagName)) return;
    const goal = pressed === '/' ? doc.querySelector('[data-slash]') : all('[data-key]').find(b => b.dataset.key.toLowerCase() === pressed);
    if (!goal) return;
    event.preventDefault();
    if (pressed === '/') goal.focus(); else goal.click();
  });
})();
