// The code editor of administrators' pages: it stands in for textarea[data-editor] and keeps that area's text, so that
// forms send it and pages work without this file. It lives in a shadow root, since a style sheet that a script makes is
// allowed there by the pages' content security policy, and nowhere else.
import { EditorState, Compartment } from '@codemirror/state';
import {
  EditorView, keymap, lineNumbers, highlightActiveLine, highlightActiveLineGutter, drawSelection, highlightSpecialChars,
  rectangularSelection, highlightTrailingWhitespace,
} from '@codemirror/view';
import { defaultKeymap, history, historyKeymap, indentMore, indentLess } from '@codemirror/commands';
import {
  StreamLanguage, bracketMatching, indentOnInput, indentUnit, syntaxHighlighting, HighlightStyle, foldGutter, foldKeymap,
} from '@codemirror/language';
import { search, searchKeymap, highlightSelectionMatches } from '@codemirror/search';
import { setDiagnostics, lintGutter, lintKeymap } from '@codemirror/lint';
import { javascript } from '@codemirror/lang-javascript';
import { groovy } from '@codemirror/legacy-modes/mode/groovy';
import { tags as t } from '@lezer/highlight';

const languages = { GROOVY: () => StreamLanguage.define(groovy), JAVASCRIPT: () => javascript() };

// Colours are the pages' own, so that light and dark follow them.
const look = EditorView.theme({
  '&': { color: 'var(--ink)', backgroundColor: 'var(--paper)', border: '1px solid var(--edge)', borderRadius: 'var(--radius)', fontSize: '.93em' },
  '&.cm-focused': { outline: '2px solid var(--accent)', outlineOffset: '0' },
  '.cm-scroller': { fontFamily: 'var(--mono)', lineHeight: '20px', height: '380px', minHeight: '120px', maxHeight: '80vh', overflow: 'auto', resize: 'vertical' },
  '.cm-content': { caretColor: 'var(--ink)', padding: '6px 0' },
  '.cm-cursor': { borderLeftColor: 'var(--ink)' },
  '.cm-gutters': { backgroundColor: 'var(--ground)', color: 'var(--soft)', borderRight: '1px solid var(--line)', borderTopLeftRadius: 'var(--radius)', borderBottomLeftRadius: 'var(--radius)' },
  '.cm-activeLine': { backgroundColor: 'color-mix(in srgb, var(--hover) 50%, transparent)' },
  '.cm-activeLineGutter': { backgroundColor: 'var(--hover)', color: 'var(--ink)' },
  '&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground': { backgroundColor: 'color-mix(in srgb, var(--accent) 28%, transparent)' },
  '.cm-selectionMatch': { backgroundColor: 'var(--accent-paper)' },
  '&.cm-focused .cm-matchingBracket': { backgroundColor: 'var(--accent-paper)', outline: '1px solid var(--accent)' },
  '.cm-trailingSpace': { backgroundColor: 'var(--bad-paper)' },
  '.cm-foldPlaceholder': { backgroundColor: 'var(--ground)', borderColor: 'var(--line)', color: 'var(--soft)' },
  '.cm-panels': { backgroundColor: 'var(--ground)', color: 'var(--ink)' },
  '.cm-panels.cm-panels-bottom': { borderTop: '1px solid var(--line)' },
  '.cm-textfield': { backgroundColor: 'var(--paper)', color: 'var(--ink)', border: '1px solid var(--edge)' },
  '.cm-button': { backgroundImage: 'none', backgroundColor: 'var(--paper)', color: 'var(--ink)', border: '1px solid var(--edge)' },
  '.cm-tooltip': { backgroundColor: 'var(--paper)', color: 'var(--ink)', border: '1px solid var(--edge)' },
  '.cm-diagnostic-error': { borderLeftColor: 'var(--bad)' },
});

const colours = HighlightStyle.define([
  { tag: [t.keyword, t.modifier, t.operatorKeyword], color: 'var(--code-keyword)' },
  { tag: [t.string, t.special(t.string), t.regexp], color: 'var(--code-string)' },
  { tag: [t.number, t.bool, t.null, t.atom], color: 'var(--code-number)' },
  { tag: [t.comment, t.meta], color: 'var(--soft)', fontStyle: 'italic' },
  { tag: [t.function(t.variableName), t.function(t.propertyName)], color: 'var(--code-name)' },
  { tag: [t.typeName, t.className, t.definition(t.variableName)], color: 'var(--code-name)' },
  { tag: t.invalid, color: 'var(--bad)' },
]);

/** edit puts an editor in the place of area. */
function edit(area) {
  const label = document.querySelector(`label[for="${area.id}"]`);
  const help = document.getElementById(area.getAttribute('aria-describedby'));
  const choice = document.querySelector(`select[data-language-of="${area.id}"]`);
  const language = new Compartment();
  const spoken = () => languages[choice?.value ?? area.dataset.language]?.() ?? [];

  // Who only passes through with Tab passes; who types, indents with it until Escape.
  let typing = false;
  const tab = (command) => (view) => typing && command(view);

  const host = document.createElement('div');
  host.className = 'code-editor';
  host.id = `${area.id}-editor`;
  area.after(host);
  area.hidden = true;
  const root = host.attachShadow({ mode: 'open' });
  const view = new EditorView({
    parent: root,
    root,
    state: EditorState.create({
      doc: area.value,
      extensions: [
        lineNumbers(), foldGutter(), lintGutter(), history(), drawSelection(), highlightSpecialChars(), rectangularSelection(),
        highlightActiveLine(), highlightActiveLineGutter(), highlightTrailingWhitespace(), highlightSelectionMatches(),
        bracketMatching(), indentOnInput(), indentUnit.of('    '), EditorState.tabSize.of(4), search(),
        syntaxHighlighting(colours), look, language.of(spoken()),
        keymap.of([
          { key: 'Escape', run: () => { typing = false; return false; } },
          { key: 'Mod-s', preventDefault: true, run: () => { area.form.requestSubmit(); return true; } },
          { key: 'Tab', run: tab(indentMore), shift: tab(indentLess) },
          ...defaultKeymap, ...historyKeymap, ...searchKeymap, ...foldKeymap, ...lintKeymap,
        ]),
        EditorView.contentAttributes.of({
          tabindex: '0', 'aria-label': label?.textContent ?? area.id, autocapitalize: 'none', autocorrect: 'off', spellcheck: 'false',
          ...(help ? { 'aria-description': help.textContent } : {}),
          ...(area.hasAttribute('aria-invalid') ? { 'aria-invalid': 'true' } : {}),
        }),
        EditorView.domEventHandlers({
          blur: () => { typing = false; },
          // Typed over a selection, a browser would keep its colours in a style attribute, which the policy blocks.
          beforeinput: (e, v) => {
            if (e.inputType !== 'insertText' || !e.data || v.composing || v.state.selection.main.empty) return false;
            v.dispatch(v.state.replaceSelection(e.data), { userEvent: 'input.type', scrollIntoView: true });
            e.preventDefault();
            return true;
          },
        }),
        EditorView.updateListener.of((u) => {
          if (!u.docChanged) return;
          typing = true;
          area.value = u.state.doc.toString();
          area.dispatchEvent(new Event('input', { bubbles: true })); // for those who watch for unsaved changes
        }),
      ],
    }),
  });
  label?.removeAttribute('for');
  label?.addEventListener('click', () => view.focus());
  choice?.addEventListener('change', () => view.dispatch({ effects: language.reconfigure(spoken()) }));

  const place = (line, column) => {
    const at = view.state.doc.line(Math.min(Math.max(1, line), view.state.doc.lines));
    return Math.min(at.from + Math.max(0, column - 1), at.to);
  };
  // Mistakes are links with data-line and data-column: they are marked, and lead to their places.
  const mistakes = [...document.querySelectorAll('[data-line]')].map((a) => {
    const from = place(Number(a.dataset.line), Number(a.dataset.column) || 1);
    return { from, to: Math.min(from + 1, view.state.doc.length), severity: 'error', message: a.parentElement.textContent };
  });
  if (mistakes.length) view.dispatch(setDiagnostics(view.state, mistakes.sort((a, b) => a.from - b.from)));
  document.addEventListener('click', (e) => {
    const a = e.target.closest('[data-line]');
    if (!a) return;
    e.preventDefault();
    view.focus();
    const anchor = place(Number(a.dataset.line), Number(a.dataset.column) || 1);
    view.dispatch({ selection: { anchor }, effects: EditorView.scrollIntoView(anchor, { y: 'center' }) });
  });
}

for (const area of document.querySelectorAll('textarea[data-editor]')) edit(area);
