// Fills in a demo account. The form works without this.
const name = document.querySelector('#name')
const password = document.querySelector('#password')

for (const button of document.querySelectorAll('[data-name]')) {
  button.addEventListener('click', () => {
    name.value = button.dataset.name
    password.value = button.dataset.password
    document.querySelector('button.primary').focus()
  })
}
