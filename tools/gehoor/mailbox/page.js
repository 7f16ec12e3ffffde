// Lists the mails and shows one. Every text of a mail goes in as text, never as markup; its HTML is shown in a
// sandboxed frame that may run and load nothing.
"use strict";

const REFRESH_MS = 2000;
const LISTED = 200;
const element = (id) => document.getElementById(id);
let chosen = null;
let shown = "";

const address = (entry) => (entry.Name ? `${entry.Name} <${entry.Address}>` : entry.Address);

function line(mail) {
  const item = document.createElement("li");
  const button = document.createElement("button");
  button.type = "button";
  for (const [style, text] of [
    ["subject", mail.Subject || "(no subject)"],
    ["small", mail.To.map(address).join(", ")],
    ["small", `${new Date(mail.Created).toLocaleString()} · ${mail.Snippet}`],
  ]) {
    const span = document.createElement("span");
    span.className = style;
    span.textContent = text;
    button.append(span);
  }
  item.className = mail.Read ? "" : "unread";
  button.setAttribute("aria-current", String(mail.ID === chosen));
  button.addEventListener("click", () => show(mail.ID));
  item.append(button);
  return item;
}

async function refresh() {
  try {
    const answer = await fetch(`/api/v1/messages?limit=${LISTED}`);
    const found = await answer.json();
    const state = JSON.stringify([chosen, found.total, found.unread, found.messages.map((mail) => mail.ID)]);
    if (state === shown) return;
    shown = state;
    element("list").replaceChildren(...found.messages.map(line));
    element("state").textContent = `${found.total} mails, ${found.unread} not looked at`
      + (found.total > LISTED ? `; the newest ${LISTED} are listed` : "");
  } catch {
    shown = "";
    element("state").textContent = "The mailbox does not answer; trying again…";
  }
}

async function show(id) {
  const answer = await fetch(`/api/v1/message/${id}`);
  if (!answer.ok) return refresh();
  const mail = await answer.json();
  chosen = id;
  element("subject").textContent = mail.Subject || "(no subject)";
  element("from").textContent = address(mail.From);
  element("to").textContent = [...mail.To, ...mail.Cc, ...mail.Bcc].map(address).join(", ");
  element("created").textContent = new Date(mail.Date).toLocaleString();
  element("html").src = `/view/${id}.html`;
  element("text").textContent = mail.Text;
  element("raw").textContent = await (await fetch(`/api/v1/message/${id}/raw`)).text();
  element("mail").hidden = false;
  element("nothing").hidden = true;
  choose(mail.HTML ? "html" : "text");
  return refresh();
}

function choose(way) {
  for (const name of ["html", "text", "raw"]) element(name).hidden = name !== way;
  for (const button of document.querySelectorAll("[data-show]")) {
    button.setAttribute("aria-pressed", String(button.dataset.show === way));
  }
}

for (const button of document.querySelectorAll("[data-show]")) {
  button.addEventListener("click", () => choose(button.dataset.show));
}
element("clear").addEventListener("click", async () => {
  await fetch("/api/v1/messages", { method: "DELETE" });
  chosen = null;
  element("mail").hidden = true;
  element("nothing").hidden = false;
  refresh();
});
refresh();
setInterval(refresh, REFRESH_MS);
