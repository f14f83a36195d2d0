/* What script adds; every page works without it. No dependency, nothing inline.
   Drafts kept · keys · figures in the other unit · photos shrunk · no second submit · bulk boxes. */
(function () {
  'use strict';
  var doc = document, here = location.pathname;
  function all(selector, root) { return Array.prototype.slice.call((root || doc).querySelectorAll(selector)); }
  function on(type, act) { doc.addEventListener(type, act); }
  function make(tag, name, text) { var e = doc.createElement(tag); e.className = name; e.textContent = text; return e; }

  /* -- nothing typed is lost: forms with data-draft are kept on this machine until a page says it is saved -- */
  var store; try { store = window.localStorage; store.getItem(''); } catch (e) { store = null; }
  var PREFIX = 'shuiheng:' + (doc.body.dataset.person || '') + ':', DAYS = 14 * 864e5;
  function keyOf(form) { return PREFIX + here + ':' + form.dataset.draft; }
  function typed(form) {
    return Array.prototype.filter.call(form.elements, function (e) {
      return e.name && !/^(hidden|file|password|submit|button)$/.test(e.type) && e.dataset.nodraft === undefined;
    });
  }
  function values(form) {
    return typed(form).map(function (e) { return [e.name, e.type === 'checkbox' || e.type === 'radio' ? [e.value, e.checked] : e.value]; });
  }
  function put(form, saved) {
    typed(form).forEach(function (e, i) {
      var s = saved[i]; if (!s || s[0] !== e.name) return;
      if (Array.isArray(s[1])) e.checked = s[1][1]; else e.value = s[1];
      echo(e); months(e);
    });
  }
  function keep(form, sent) {
    if (!store || !form.dataset) return;
    try { store.setItem(keyOf(form), JSON.stringify({ at: Date.now(), sent: !!sent, values: values(form) })); } catch (e) { /* full: the form itself still stands */ }
  }
  function restore(form) {
    var was = values(form), kept;
    try { kept = JSON.parse(store.getItem(keyOf(form))); } catch (e) { kept = null; }
    if (!kept || JSON.stringify(kept.values) === JSON.stringify(was) || kept.values.length !== was.length) { store.removeItem(keyOf(form)); return; }
    put(form, kept.values);
    var at = new Date(kept.at), note = make('div', 'finding note draft-note', '已恢复您 ' + (at.getMonth() + 1) + '月' + at.getDate() + '日 ' + ('0' + at.getHours()).slice(-2) + ':' + ('0' + at.getMinutes()).slice(-2) + ' 填的内容，还没有提交。 ');
    var back = make('button', 'button small', '不要这些'); back.type = 'button';
    back.onclick = function () { put(form, was); store.removeItem(keyOf(form)); note.remove(); };
    note.setAttribute('role', 'status'); note.appendChild(back); form.insertBefore(note, form.firstChild);
  }
  if (store) {
    Object.keys(store).filter(function (k) { return k.indexOf('shuiheng:') === 0; }).forEach(function (k) {
      var kept; try { kept = JSON.parse(store.getItem(k)); } catch (e) { kept = {}; }
      if (!(kept.at > Date.now() - DAYS) || (kept.sent && k.indexOf(PREFIX) === 0 && doc.querySelector('[data-saved]'))) store.removeItem(k);
    });
    all('form[data-draft]').forEach(function (form) { if (!form.querySelector('.wrong')) restore(form); });
  }

  /* -- 12.34 万m³ under a field in m³, and the other way round; twelve months against the year -- */
  function read(text) {
    var plain = text.replace(/[0-9．，]/g, function (c) { return String.fromCharCode(c.charCodeAt(0) - 65248); }).replace(/[,\s]/g, '').replace('−', '-');
    return /^[+-]?(\d+\.?\d*|\.\d+)$/.test(plain) ? Number(plain) : NaN;
  }
  function write(number, most) { return number.toLocaleString('en-US', { maximumFractionDigits: most }).replace('-', '−'); }
  function echo(input) {
    var unit = input.dataset && input.dataset.volume, field = unit && input.closest('.field'), place = field && field.querySelector('[data-echo]');
    if (!place) return;
    var n = read(input.value);
    place.textContent = isNaN(n) ? '' : unit === 'm³' ? '= ' + write(n / 1e4, 4) + ' 万m³' : '= ' + write(Math.round(n * 1e4), 0) + ' m³';
  }
  function months(input) {
    var box = input.closest && input.closest('[data-months]'), form = input.form;
    if (!box && form) { box = all('[data-months]', form).filter(function (b) { return b.dataset.total === input.name; })[0]; }
    if (!box) return;
    var list = all('input', box).map(function (e) { return read(e.value); }), place = box.closest('.field').querySelector('[data-echo]');
    if (!place || list.some(isNaN)) { if (place) place.textContent = ''; return; }
    var sum = Math.round(list.reduce(function (a, b) { return a + b; }, 0) * 1e4) / 1e4;
    var year = box.dataset.total && box.closest('form').elements[box.dataset.total], whole = year ? read(year.value) : NaN;
    var rest = Math.round((whole - sum) * 1e4) / 1e4;
    place.className = isNaN(whole) ? '' : rest ? 'unequal' : 'equal';
    place.textContent = '十二个月合计 ' + write(sum, 4) + (isNaN(whole) ? '' : rest ? '，与全年差 ' + write(rest, 4) : '，与全年相等');
  }
  all('[data-months] input:last-child').forEach(months);

  var waiting;
  on('input', function (event) {
    var e = event.target, form = e.form;
    echo(e); months(e);
    if (form && form.dataset.draft !== undefined) { clearTimeout(waiting); waiting = setTimeout(function () { keep(form); }, 300); }
  });
  on('change', function (event) {
    var e = event.target;
    if (e.dataset.auto !== undefined && e.form) e.form.submit();
    if (e.dataset.shrink !== undefined) shrink(e);
    if (e.type === 'checkbox') boxes(e);
  });

  /* -- bulk boxes -- */
  function boxes(box) {
    var name = box.dataset.all || box.name, list = all('input[type=checkbox][name="' + name + '"]'), head = doc.querySelector('[data-all="' + name + '"]');
    if (!head) return;
    if (box === head) list.forEach(function (e) { e.checked = head.checked; });
    var picked = list.filter(function (e) { return e.checked; }).length;
    head.checked = picked === list.length; head.indeterminate = picked > 0 && picked < list.length;
    all('[data-picked]').forEach(function (e) { e.textContent = '已选 ' + picked + ' / ' + list.length; });
  }

  /* -- photos: long edge 1600 px, JPEG 0.8; whatever cannot be shrunk goes as it is -- */
  function shrink(input) {
    if (!window.createImageBitmap || !window.DataTransfer) return;
    Promise.all(Array.prototype.map.call(input.files, function (file) {
      if (!/^image\/(jpeg|png|webp)$/.test(file.type)) return file;
      return createImageBitmap(file, { imageOrientation: 'from-image' }).then(function (picture) {
        var scale = Math.min(1, 1600 / Math.max(picture.width, picture.height)), canvas = doc.createElement('canvas');
        canvas.width = Math.round(picture.width * scale); canvas.height = Math.round(picture.height * scale);
        canvas.getContext('2d').drawImage(picture, 0, 0, canvas.width, canvas.height);
        return new Promise(function (done) {
          canvas.toBlob(function (blob) {
            done(blob && blob.size < file.size ? new File([blob], file.name.replace(/\.\w+$/, '') + '.jpg', { type: 'image/jpeg' }) : file);
          }, 'image/jpeg', 0.8);
        });
      }).catch(function () { return file; });
    })).then(function (files) {
      var moved = new DataTransfer(); files.forEach(function (file) { moved.items.add(file); });
      input.files = moved.files;
    });
  }

  /* -- one submit at a time; after ten seconds, or when one comes back, the form can be sent again -- */
  on('submit', function (event) {
    var form = event.target, sentAt = Number(form.dataset.sent || 0);
    if (event.defaultPrevented || form.method === 'get') return;
    if (Date.now() - sentAt < 10000) { event.preventDefault(); return; }
    form.dataset.sent = Date.now();
    if (event.submitter) event.submitter.setAttribute('aria-busy', 'true');
    if (form.dataset.draft !== undefined) keep(form, true);
  });
  addEventListener('pageshow', function () {
    all('form[data-sent]').forEach(function (form) { delete form.dataset.sent; });
    all('[aria-busy]').forEach(function (e) { e.removeAttribute('aria-busy'); });
  });

  /* -- repair buttons put their value into the field -- */
  on('click', function (event) {
    var button = event.target.closest && event.target.closest('[data-repair]');
    all('details.menu[open]').forEach(function (menu) { if (!menu.contains(event.target)) menu.open = false; });
    if (!button) return;
    var cut = button.value.indexOf('='), form = button.form, field = form && form.elements[button.value.slice(0, cut)];
    if (!field) return;
    event.preventDefault();
    field.value = button.value.slice(cut + 1); field.dispatchEvent(new Event('input', { bubbles: true })); field.focus();
  });

  /* -- keys: those printed on the buttons of the case; / goes to the search -- */
  on('keydown', function (event) {
    var e = event.target, writing = /^(INPUT|SELECT|TEXTAREA)$/.test(e.tagName) && !/^(checkbox|radio)$/.test(e.type);
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (event.key === 'Escape') all('details.menu[open]').forEach(function (menu) { menu.open = false; });
    if (writing) return;
    if (event.key === '/') { var search = doc.querySelector('[data-slash]'); if (search) { event.preventDefault(); search.focus(); } return; }
    if (event.key === 'Enter' && /^(A|BUTTON|SUMMARY)$/.test(e.tagName)) return;
    var button = all('[data-key]').filter(function (b) { return b.dataset.key.toLowerCase() === event.key.toLowerCase(); })[0];
    if (button && !event.repeat) { event.preventDefault(); button.click(); }
  });
})();
