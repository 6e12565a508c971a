-- A record as storyboard 0.1.0 writes it.
pragma user_version = 1;
BEGIN TRANSACTION;
CREATE TABLE events(
  seq integer primary key, epoch integer not null, at real not null, kind text not null, scene text not null,
  intent text not null, body text not null, crc text not null, prev text not null) strict
;
INSERT INTO "events" VALUES(1,0,1780000000.0,'run_opened','','','{"memory": "doubtful", "pid": 1, "provider": "ark"}','4e906676e9c8ade13d439d2144c51f0a','');
INSERT INTO "events" VALUES(2,1,1780000001.5,'intended','dusk','i1','{"asked": {"duration": 5, "model": "doubao-seedance-2-0-260128"}, "body": "sha256:0000000000000000000000000000000000000000000000000000000000000000", "key": {"prompt": "sha256:1111111111111111111111111111111111111111111111111111111111111111"}, "marker": 190001, "profile": "", "rate": "46 CNY", "reserve": "5.01 CNY"}','f142f185e614b6118672756173f0f908','4e906676e9c8ade13d439d2144c51f0a');
INSERT INTO "events" VALUES(3,1,1780000003.0,'accepted','dusk','i1','{"task": "cgt-1"}','364ed3dbcd87c19bc91294236b3e40ed','f142f185e614b6118672756173f0f908');
INSERT INTO "events" VALUES(4,1,1780000004.5,'seen','dusk','i1','{"status": "running", "task": "cgt-1"}','a3ff81b56fe4046db3d2eb73d738f5ba','364ed3dbcd87c19bc91294236b3e40ed');
INSERT INTO "events" VALUES(5,1,1780000006.0,'intended','gulls','i2','{"asked": {"duration": 5, "model": "doubao-seedance-2-0-260128"}, "body": "sha256:0000000000000000000000000000000000000000000000000000000000000000", "key": {"prompt": "sha256:1111111111111111111111111111111111111111111111111111111111111111"}, "marker": 190002, "profile": "", "rate": "46 CNY", "reserve": "5.01 CNY"}','a4743295033aa192eacd88ba981c1647','a3ff81b56fe4046db3d2eb73d738f5ba');
INSERT INTO "events" VALUES(6,1,1780000007.5,'unknown','gulls','i2','{"error": "the answer was lost"}','a4c77ce4f8d1a476cfa30b31975160e3','a4743295033aa192eacd88ba981c1647');
INSERT INTO "events" VALUES(7,1,1780000009.0,'ended','dusk','i1','{"error": "", "status": "succeeded"}','1166eeca0f3dd2b8dc9bd9c6c12118bb','a4c77ce4f8d1a476cfa30b31975160e3');
INSERT INTO "events" VALUES(8,1,1780000010.5,'stored','dusk','i1','{"profile": "", "take": {"digest": "sha256:0000000000000000000000000000000000000000000000000000000000000000", "frame": "", "height": 720, "key": {"prompt": "sha256:1111111111111111111111111111111111111111111111111111111111111111"}, "recipe": 1, "seconds": 5.04, "task": "cgt-1", "tokens": 108900, "width": 1280}}','c52d1c525dda0617c784ca8534cda24a','1166eeca0f3dd2b8dc9bd9c6c12118bb');
INSERT INTO "events" VALUES(9,1,1780000012.0,'intended','lamp','i3','{"asked": {"duration": 5, "model": "doubao-seedance-2-0-260128"}, "body": "sha256:0000000000000000000000000000000000000000000000000000000000000000", "key": {"prompt": "sha256:1111111111111111111111111111111111111111111111111111111111111111"}, "marker": 190003, "profile": "", "rate": "46 CNY", "reserve": "5.01 CNY"}','a91f8d54723b574cca5079c0d28e5c13','c52d1c525dda0617c784ca8534cda24a');
INSERT INTO "events" VALUES(10,1,1780000013.5,'accepted','lamp','i3','{"task": "cgt-2"}','9435027f81f90a5e75b8a82dea953ed1','a91f8d54723b574cca5079c0d28e5c13');
INSERT INTO "events" VALUES(11,1,1780000015.0,'ended','lamp','i3','{"error": "灯塔: no", "status": "failed"}','095effad393e60670b2e2a46e5fce937','9435027f81f90a5e75b8a82dea953ed1');
INSERT INTO "events" VALUES(12,1,1780000016.5,'intended','waves','i4','{"asked": {"duration": 5, "model": "doubao-seedance-2-0-260128"}, "body": "sha256:0000000000000000000000000000000000000000000000000000000000000000", "key": {"prompt": "sha256:1111111111111111111111111111111111111111111111111111111111111111"}, "marker": null, "profile": "", "rate": "46 CNY", "reserve": "5.01 CNY"}','a683e8e85c09a50118b70a4ab682b959','095effad393e60670b2e2a46e5fce937');
INSERT INTO "events" VALUES(13,1,1780000018.0,'rejected','waves','i4','{"error": "the service said no"}','2da125e85e974e2f1dab235d1729303c','a683e8e85c09a50118b70a4ab682b959');
INSERT INTO "events" VALUES(14,1,1780000019.5,'a kind of later days','dusk','i1','{"x": 1}','def60c6ec74108ac3b8f24c8964a8844','2da125e85e974e2f1dab235d1729303c');
INSERT INTO "events" VALUES(15,1,1780000021.0,'run_closed','','','{"exit": 3}','7104ab6c59a4c7c063a99b8f2c44a286','def60c6ec74108ac3b8f24c8964a8844');
COMMIT;
