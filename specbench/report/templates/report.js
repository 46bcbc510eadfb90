(function () {
  "use strict";
  var byId = function (id) { return document.getElementById(id); };
  var list = function (found) { return Array.prototype.slice.call(found); };

  // Filter the table of decisions.
  var filter = byId("filter"), kind = byId("kind"), rows = list(document.querySelectorAll("#rows tbody tr"));
  var texts = rows.map(function (row) { return row.textContent.toLowerCase(); });
  function show() {
    var wanted = filter.value.toLowerCase(), shown = 0;
    rows.forEach(function (row, at) {
      var good = texts[at].indexOf(wanted) >= 0 && (!kind.value || row.dataset.what === kind.value);
      row.hidden = !good;
      shown += good ? 1 : 0;
    });
    byId("count").textContent = shown + " of " + rows.length;
  }
  filter.addEventListener("input", show);
  kind.addEventListener("change", show);
  show();

  // Sort a table by a column: once from the largest, twice from the smallest.
  function value(cell) {
    var text = cell.firstChild ? cell.firstChild.textContent.replace(/[\u2212]/g, "-").replace(/,/g, "") : "";
    var number = parseFloat(text.replace(/^[^\d+-]+/, ""));
    return number !== number ? text.toLowerCase() : number * (/MB/.test(text) ? 1000 : 1);  // no number: a name
  }
  list(document.querySelectorAll("table.sortable")).forEach(function (table) {
    var heads = list(table.tHead.rows[0].cells);
    heads.forEach(function (head, column) {
      var button = document.createElement("button");
      button.type = "button";
      while (head.firstChild) { button.appendChild(head.firstChild); }
      head.appendChild(button);
      button.addEventListener("click", function () {
        var up = head.getAttribute("aria-sort") === "descending";
        heads.forEach(function (each) { each.removeAttribute("aria-sort"); });
        head.setAttribute("aria-sort", up ? "ascending" : "descending");
        var body = table.tBodies[0];
        list(body.rows).map(function (row) { return [value(row.cells[column]), row]; }).sort(function (a, b) {
          if (typeof a[0] !== typeof b[0]) { return typeof a[0] === "number" ? -1 : 1; }
          return (a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : 0) * (up ? 1 : -1);
        }).forEach(function (pair) { body.appendChild(pair[1]); });
      });
    });
  });

  // Show a conversation with its predictions. Everything is set as text, so nothing in it can run.
  var talks = JSON.parse(byId("talks").textContent), choice = byId("talk"), place = byId("transcript");
  function add(parent, tag, text, name) {
    var made = document.createElement(tag);
    if (name) { made.className = name; }
    made.textContent = text;
    parent.appendChild(made);
    return made;
  }
  function draw(at, decision) {
    place.textContent = "";
    choice.value = String(at);
    talks[at].decisions.forEach(function (each, index) {
      each.said.forEach(function (message) {
        var box = add(place, "div", "", "said " + message[0]);
        add(box, "small", message[0] + (message[1] ? " " + message[1] : ""));
        add(box, "div", message[2]);
      });
      var box = add(place, "div", "", "decision");
      box.id = "decision-" + index;
      add(box, "strong", "Decision " + (index + 1) + ": " + each.what);
      add(box, "div", "The agent: " + each.happened);
      each.guesses.forEach(function (guess) {
        var line = add(box, "div", "", "guess" + (guess[0] === each.happened ? " right" : ""));
        var bar = add(line, "span", "", "bar");
        bar.style.width = Math.max(1, Math.round(60 * guess[1])) + "px";
        add(line, "span", " " + guess[1].toFixed(2) + " " + guess[0] + (guess[0] === each.happened ? " \u2713" : ""));
      });
      add(box, "small", each.reason + (each.saved_s > 0.005 ? "; " + each.saved_s.toFixed(1) + " s saved" : ""));
    });
    if (decision !== undefined) { byId("decision-" + decision).scrollIntoView({block: "center"}); }
  }
  if (talks.length) {
    talks.forEach(function (talk, at) { add(choice, "option", talk.trace).value = String(at); });
    choice.addEventListener("change", function () { draw(Number(choice.value)); });
    byId("before").addEventListener("click", function () { draw((Number(choice.value) + talks.length - 1) % talks.length); });
    byId("after").addEventListener("click", function () { draw((Number(choice.value) + 1) % talks.length); });
    rows.forEach(function (row) {
      var at = talks.findIndex(function (talk) { return talk.trace === row.cells[0].textContent; });
      if (at < 0) { return; }
      row.classList.add("leads");
      row.addEventListener("click", function () { draw(at, Number(row.cells[1].textContent) - 1); });
    });
    draw(0);
  }
})();
