// Node's fetch: client.mjs URL COUNT UPLOAD_BYTES
const [url, count, size] = process.argv.slice(2);
let answered = 0;
for (let number = 0; number < Number(count); number++) {
  const answer = await fetch(url);
  await answer.text();
  if (answer.status === 200) answered++;
}
const upload = await fetch(url, { method: "POST", body: "x".repeat(Number(size)) });
await upload.text();
console.log(`answered ${answered}, upload ${upload.status}`);
