// Nothing destructive happens at one click: data-confirm names a <dialog> that says what will happen and how to undo it.
export function installConfirm() {
  document.addEventListener("click", (event) => {
    const opener = event.target.closest("[data-confirm]");
    if (opener) {
      event.preventDefault();
      document.getElementById(opener.dataset.confirm).showModal();
    }
    const closer = event.target.closest("[data-dialog-close]");
    if (closer) closer.closest("dialog").close();
  });
}
