// Found the replica set of one member, once; run again it changes nothing.
try {
  rs.status();
} catch (error) {
  if (error.codeName !== "NotYetInitialized") throw error;
  rs.initiate({ _id: "shengzhi", members: [{ _id: 0, host: process.env.MEMBER }] });
}
while (!db.hello().isWritablePrimary) sleep(200);
