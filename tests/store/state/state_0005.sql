BEGIN TRANSACTION;
CREATE TABLE acknowledgement (
	id INTEGER NOT NULL, 
	alert_key TEXT NOT NULL, 
	transition_id INTEGER NOT NULL, 
	who TEXT NOT NULL, 
	note TEXT NOT NULL, 
	at DATETIME NOT NULL, 
	CONSTRAINT pk_acknowledgement PRIMARY KEY (id), 
	CONSTRAINT fk_acknowledgement_transition_id FOREIGN KEY(transition_id) REFERENCES transition (id)
);
INSERT INTO "acknowledgement" VALUES(1,'alert_key-1',1,'who-1','note-1','2026-11-20 09:00:00.000000');
INSERT INTO "acknowledgement" VALUES(2,'alert_key-2',2,'who-2','note-2','2026-11-20 10:00:00.000000');
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('0005');
CREATE TABLE alert (
	alert_key TEXT NOT NULL, 
	state TEXT NOT NULL, 
	transition_id INTEGER NOT NULL, 
	at DATETIME NOT NULL, 
	acknowledged_by TEXT, 
	acknowledged_at DATETIME, 
	note TEXT, 
	CONSTRAINT pk_alert PRIMARY KEY (alert_key), 
	CONSTRAINT fk_alert_transition_id FOREIGN KEY(transition_id) REFERENCES transition (id)
);
INSERT INTO "alert" VALUES('alert_key-1','state-1',1,'2026-11-20 09:00:00.000000','acknowledged_by-1','2026-11-20 09:00:00.000000','note-1');
INSERT INTO "alert" VALUES('alert_key-2','state-2',2,'2026-11-20 10:00:00.000000','acknowledged_by-2','2026-11-20 10:00:00.000000','note-2');
CREATE TABLE balance (
	hour DATETIME NOT NULL, 
	station_id TEXT NOT NULL, 
	instrument_id TEXT NOT NULL, 
	item TEXT NOT NULL, 
	count BIGINT NOT NULL, 
	CONSTRAINT pk_balance PRIMARY KEY (hour, station_id, instrument_id, item)
);
INSERT INTO "balance" VALUES('2026-11-20 09:00:00.000000','station_id-1','instrument_id-1','item-1',1);
INSERT INTO "balance" VALUES('2026-11-20 10:00:00.000000','station_id-2','instrument_id-2','item-2',2);
CREATE TABLE balance_sheet (
	hour DATETIME NOT NULL, 
	station_id TEXT NOT NULL, 
	instrument_id TEXT NOT NULL, 
	figures JSON NOT NULL, 
	rest BIGINT NOT NULL, 
	settled_at DATETIME NOT NULL, 
	CONSTRAINT pk_balance_sheet PRIMARY KEY (hour, station_id, instrument_id)
);
INSERT INTO "balance_sheet" VALUES('2026-11-20 09:00:00.000000','station_id-1','instrument_id-1','{"n": 1, "text": "\u81ed\u6c27"}',1,'2026-11-20 09:00:00.000000');
INSERT INTO "balance_sheet" VALUES('2026-11-20 10:00:00.000000','station_id-2','instrument_id-2','{"n": 2, "text": "\u81ed\u6c27"}',2,'2026-11-20 10:00:00.000000');
CREATE TABLE calibration (
	id INTEGER NOT NULL, 
	network TEXT NOT NULL, 
	station_id TEXT NOT NULL, 
	instrument_id TEXT NOT NULL, 
	parameter TEXT NOT NULL, 
	at DATETIME NOT NULL, 
	kind TEXT NOT NULL, 
	reference FLOAT NOT NULL, 
	response FLOAT NOT NULL, 
	gas TEXT NOT NULL, 
	received_at DATETIME NOT NULL, 
	recorded_at DATETIME NOT NULL, 
	outcome TEXT, 
	drift FLOAT, 
	judged_at DATETIME, 
	CONSTRAINT pk_calibration PRIMARY KEY (id), 
	CONSTRAINT uq_calibration_result UNIQUE (station_id, instrument_id, parameter, kind, gas, at, reference, response)
);
INSERT INTO "calibration" VALUES(1,'network-1','station_id-1','instrument_id-1','parameter-1','2026-11-20 09:00:00.000000','kind-1',1.5,1.5,'gas-1','2026-11-20 09:00:00.000000','2026-11-20 09:00:00.000000','outcome-1',1.5,'2026-11-20 09:00:00.000000');
INSERT INTO "calibration" VALUES(2,'network-2','station_id-2','instrument_id-2','parameter-2','2026-11-20 10:00:00.000000','kind-2',2.5,2.5,'gas-2','2026-11-20 10:00:00.000000','2026-11-20 10:00:00.000000','outcome-2',2.5,'2026-11-20 10:00:00.000000');
CREATE TABLE correction (
	id INTEGER NOT NULL, 
	network TEXT NOT NULL, 
	station_id TEXT NOT NULL, 
	instrument_id TEXT NOT NULL, 
	parameter TEXT NOT NULL, 
	start DATETIME NOT NULL, 
	"end" DATETIME NOT NULL, 
	zero_start FLOAT NOT NULL, 
	zero_end FLOAT NOT NULL, 
	gain_start FLOAT NOT NULL, 
	gain_end FLOAT NOT NULL, 
	who TEXT NOT NULL, 
	why TEXT NOT NULL, 
	recorded_at DATETIME NOT NULL, 
	reverted_by TEXT, 
	reverted_why TEXT, 
	reverted_at DATETIME, 
	CONSTRAINT pk_correction PRIMARY KEY (id)
);
INSERT INTO "correction" VALUES(1,'network-1','station_id-1','instrument_id-1','parameter-1','2026-11-20 09:00:00.000000','2026-11-20 09:00:00.000000',1.5,1.5,1.5,1.5,'who-1','why-1','2026-11-20 09:00:00.000000','reverted_by-1','reverted_why-1','2026-11-20 09:00:00.000000');
INSERT INTO "correction" VALUES(2,'network-2','station_id-2','instrument_id-2','parameter-2','2026-11-20 10:00:00.000000','2026-11-20 10:00:00.000000',2.5,2.5,2.5,2.5,'who-2','why-2','2026-11-20 10:00:00.000000','reverted_by-2','reverted_why-2','2026-11-20 10:00:00.000000');
CREATE TABLE delivery (
	id INTEGER NOT NULL, 
	transition_id INTEGER NOT NULL, 
	channel TEXT NOT NULL, 
	state TEXT NOT NULL, 
	worker TEXT, 
	attempts INTEGER NOT NULL, 
	due_at DATETIME NOT NULL, 
	finished_at DATETIME, 
	detail TEXT NOT NULL, 
	CONSTRAINT pk_delivery PRIMARY KEY (id), 
	CONSTRAINT fk_delivery_transition_id FOREIGN KEY(transition_id) REFERENCES transition (id), 
	CONSTRAINT uq_delivery_transition_id_channel UNIQUE (transition_id, channel)
);
INSERT INTO "delivery" VALUES(1,1,'channel-1','state-1','worker-1',1,'2026-11-20 09:00:00.000000','2026-11-20 09:00:00.000000','detail-1');
INSERT INTO "delivery" VALUES(2,2,'channel-2','state-2','worker-2',2,'2026-11-20 10:00:00.000000','2026-11-20 10:00:00.000000','detail-2');
CREATE TABLE document (
	kind TEXT NOT NULL, 
	"key" TEXT NOT NULL, 
	version INTEGER NOT NULL, 
	body JSON NOT NULL, 
	created_at DATETIME NOT NULL, 
	CONSTRAINT pk_document PRIMARY KEY (kind, "key", version)
);
INSERT INTO "document" VALUES('kind-1','key-1',1,'{"n": 1, "text": "\u81ed\u6c27"}','2026-11-20 09:00:00.000000');
INSERT INTO "document" VALUES('kind-2','key-2',2,'{"n": 2, "text": "\u81ed\u6c27"}','2026-11-20 10:00:00.000000');
CREATE TABLE finding (
	"key" TEXT NOT NULL, 
	kind TEXT NOT NULL, 
	station_id TEXT, 
	instrument_id TEXT, 
	facts JSON NOT NULL, 
	count BIGINT NOT NULL, 
	first_at DATETIME NOT NULL, 
	last_at DATETIME NOT NULL, 
	CONSTRAINT pk_finding PRIMARY KEY ("key")
);
INSERT INTO "finding" VALUES('key-1','gap','station_id-1','instrument_id-1','{"n": 1, "text": "\u81ed\u6c27"}',1,'2026-11-20 09:00:00.000000','2026-11-20 09:00:00.000000');
INSERT INTO "finding" VALUES('key-2','gap','station_id-2','instrument_id-2','{"n": 2, "text": "\u81ed\u6c27"}',2,'2026-11-20 10:00:00.000000','2026-11-20 10:00:00.000000');
CREATE TABLE flag_change (
	id INTEGER NOT NULL, 
	level TEXT NOT NULL, 
	network TEXT NOT NULL, 
	station_id TEXT NOT NULL, 
	instrument_id TEXT, 
	parameter TEXT NOT NULL, 
	test TEXT NOT NULL, 
	start DATETIME NOT NULL, 
	flag INTEGER NOT NULL, 
	reason TEXT NOT NULL, 
	flag_before INTEGER NOT NULL, 
	reason_before TEXT NOT NULL, 
	rule TEXT NOT NULL, 
	run_id TEXT NOT NULL, 
	recorded_at DATETIME NOT NULL, 
	CONSTRAINT pk_flag_change PRIMARY KEY (id), 
	CONSTRAINT fk_flag_change_rule FOREIGN KEY(rule) REFERENCES flag_rule (digest)
);
INSERT INTO "flag_change" VALUES(1,'level-1','network-1','station_id-1','instrument_id-1','parameter-1','spike','2026-11-20 09:00:00.000000',1,'9.5 ug/m3 stands out from 1.1 before and 1 after, limit 20',1,'','digest-1','run_id-1','2026-11-20 09:00:00.000000');
INSERT INTO "flag_change" VALUES(2,'level-2','network-2','station_id-2','instrument_id-2','parameter-2','spike','2026-11-20 10:00:00.000000',2,'9.5 ug/m3 stands out from 1.1 before and 1 after, limit 20',2,'','digest-2','run_id-2','2026-11-20 10:00:00.000000');
CREATE TABLE flag_rule (
	digest TEXT NOT NULL, 
	test TEXT NOT NULL, 
	version TEXT NOT NULL, 
	figures JSON NOT NULL, 
	CONSTRAINT pk_flag_rule PRIMARY KEY (digest)
);
INSERT INTO "flag_rule" VALUES('digest-1','test-1','version-1','{"n": 1, "text": "\u81ed\u6c27"}');
INSERT INTO "flag_rule" VALUES('digest-2','test-2','version-2','{"n": 2, "text": "\u81ed\u6c27"}');
CREATE TABLE gap (
	id INTEGER NOT NULL, 
	network TEXT NOT NULL, 
	station_id TEXT NOT NULL, 
	instrument_id TEXT NOT NULL, 
	start DATETIME NOT NULL, 
	"end" DATETIME NOT NULL, 
	missing INTEGER NOT NULL, 
	found_by TEXT NOT NULL, 
	found_at DATETIME NOT NULL, 
	state TEXT NOT NULL, 
	state_at DATETIME NOT NULL, 
	attempts INTEGER NOT NULL, 
	due_at DATETIME NOT NULL, 
	detail TEXT NOT NULL, 
	CONSTRAINT pk_gap PRIMARY KEY (id), 
	CONSTRAINT uq_gap_station_id_instrument_id_start_end UNIQUE (station_id, instrument_id, start, "end")
);
INSERT INTO "gap" VALUES(1,'network-1','station_id-1','instrument_id-1','2026-11-20 09:00:00.000000','2026-11-20 09:00:00.000000',1,'found_by-1','2026-11-20 09:00:00.000000','open','2026-11-20 09:00:00.000000',1,'2026-11-20 09:00:00.000000','detail-1');
INSERT INTO "gap" VALUES(2,'network-2','station_id-2','instrument_id-2','2026-11-20 10:00:00.000000','2026-11-20 10:00:00.000000',2,'found_by-2','2026-11-20 10:00:00.000000','open','2026-11-20 10:00:00.000000',2,'2026-11-20 10:00:00.000000','detail-2');
CREATE TABLE gate_decision (
	id INTEGER NOT NULL, 
	result_id INTEGER NOT NULL, 
	ruling TEXT NOT NULL, 
	who TEXT NOT NULL, 
	note TEXT NOT NULL, 
	at DATETIME NOT NULL, 
	CONSTRAINT pk_gate_decision PRIMARY KEY (id), 
	CONSTRAINT fk_gate_decision_result_id FOREIGN KEY(result_id) REFERENCES gate_result (id)
);
INSERT INTO "gate_decision" VALUES(1,1,'release','who-1','note-1','2026-11-20 09:00:00.000000');
INSERT INTO "gate_decision" VALUES(2,2,'release','who-2','note-2','2026-11-20 10:00:00.000000');
CREATE TABLE gate_result (
	id INTEGER NOT NULL, 
	network TEXT NOT NULL, 
	start DATETIME NOT NULL, 
	"end" DATETIME NOT NULL, 
	outcome TEXT NOT NULL, 
	detail JSON NOT NULL, 
	run_id TEXT, 
	created_at DATETIME NOT NULL, 
	CONSTRAINT pk_gate_result PRIMARY KEY (id)
);
INSERT INTO "gate_result" VALUES(1,'network-1','2026-11-20 09:00:00.000000','2026-11-20 09:00:00.000000','hold','{"n": 1, "text": "\u81ed\u6c27"}','run_id-1','2026-11-20 09:00:00.000000');
INSERT INTO "gate_result" VALUES(2,'network-2','2026-11-20 10:00:00.000000','2026-11-20 10:00:00.000000','hold','{"n": 2, "text": "\u81ed\u6c27"}','run_id-2','2026-11-20 10:00:00.000000');
CREATE TABLE hour_revision (
	id INTEGER NOT NULL, 
	network TEXT NOT NULL, 
	station_id TEXT NOT NULL, 
	parameter TEXT NOT NULL, 
	hour DATETIME NOT NULL, 
	revision INTEGER NOT NULL, 
	value FLOAT, 
	count INTEGER NOT NULL, 
	flag INTEGER NOT NULL, 
	run_id TEXT NOT NULL, 
	recorded_at DATETIME NOT NULL, 
	CONSTRAINT pk_hour_revision PRIMARY KEY (id), 
	CONSTRAINT uq_hour_revision_station_id_parameter_hour_network_revision UNIQUE (station_id, parameter, hour, network, revision)
);
INSERT INTO "hour_revision" VALUES(1,'network-1','station_id-1','parameter-1','2026-11-20 09:00:00.000000',1,1.5,1,1,'run_id-1','2026-11-20 09:00:00.000000');
INSERT INTO "hour_revision" VALUES(2,'network-2','station_id-2','parameter-2','2026-11-20 10:00:00.000000',2,2.5,2,2,'run_id-2','2026-11-20 10:00:00.000000');
CREATE TABLE instrument_state (
	station_id TEXT NOT NULL, 
	instrument_id TEXT NOT NULL, 
	network TEXT NOT NULL, 
	last_seq BIGINT, 
	last_start DATETIME, 
	last_end DATETIME, 
	last_received_at DATETIME, 
	skew_s FLOAT, 
	clock TEXT NOT NULL, 
	clock_since DATETIME, 
	held BIGINT NOT NULL, 
	CONSTRAINT pk_instrument_state PRIMARY KEY (station_id, instrument_id)
);
INSERT INTO "instrument_state" VALUES('station_id-1','instrument_id-1','network-1',1,'2026-11-20 09:00:00.000000','2026-11-20 09:00:00.000000','2026-11-20 09:00:00.000000',1.5,'clock-1','2026-11-20 09:00:00.000000',1);
INSERT INTO "instrument_state" VALUES('station_id-2','instrument_id-2','network-2',2,'2026-11-20 10:00:00.000000','2026-11-20 10:00:00.000000','2026-11-20 10:00:00.000000',2.5,'clock-2','2026-11-20 10:00:00.000000',2);
CREATE TABLE judged_month (
	network TEXT NOT NULL, 
	station_id TEXT NOT NULL, 
	month DATETIME NOT NULL, 
	rules TEXT NOT NULL, 
	days JSON NOT NULL, 
	run_id TEXT NOT NULL, 
	judged_at DATETIME NOT NULL, 
	CONSTRAINT pk_judged_month PRIMARY KEY (network, station_id, month)
);
INSERT INTO "judged_month" VALUES('network-1','station_id-1','2026-11-20 09:00:00.000000','rules-1','{"n": 1, "text": "\u81ed\u6c27"}','run_id-1','2026-11-20 09:00:00.000000');
INSERT INTO "judged_month" VALUES('network-2','station_id-2','2026-11-20 10:00:00.000000','rules-2','{"n": 2, "text": "\u81ed\u6c27"}','run_id-2','2026-11-20 10:00:00.000000');
CREATE TABLE quarantine (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	message_id INTEGER NOT NULL, 
	digest TEXT NOT NULL, 
	station_id TEXT, 
	instrument_id TEXT, 
	parameter TEXT, 
	reason TEXT NOT NULL, 
	detail TEXT NOT NULL, 
	interval_start DATETIME, 
	state TEXT NOT NULL, 
	state_at DATETIME NOT NULL, 
	CONSTRAINT fk_quarantine_message_id FOREIGN KEY(message_id) REFERENCES quarantine_message (id), 
	CONSTRAINT uq_quarantine_message_id_digest UNIQUE (message_id, digest)
);
INSERT INTO "quarantine" VALUES(1,1,'digest-1','station_id-1','instrument_id-1','parameter-1','reason-1','detail-1','2026-11-20 09:00:00.000000','new','2026-11-20 09:00:00.000000');
INSERT INTO "quarantine" VALUES(2,2,'digest-2','station_id-2','instrument_id-2','parameter-2','reason-2','detail-2','2026-11-20 10:00:00.000000','new','2026-11-20 10:00:00.000000');
CREATE TABLE quarantine_expired (
	reason TEXT NOT NULL, 
	count BIGINT NOT NULL, 
	last_at DATETIME NOT NULL, 
	CONSTRAINT pk_quarantine_expired PRIMARY KEY (reason)
);
INSERT INTO "quarantine_expired" VALUES('reason-1',1,'2026-11-20 09:00:00.000000');
INSERT INTO "quarantine_expired" VALUES('reason-2',2,'2026-11-20 10:00:00.000000');
CREATE TABLE quarantine_message (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	received_at DATETIME NOT NULL, 
	topic TEXT NOT NULL, 
	network TEXT, 
	format TEXT, 
	payload BLOB NOT NULL, 
	payload_bytes BIGINT NOT NULL, 
	digest TEXT NOT NULL, 
	CONSTRAINT uq_quarantine_message_digest UNIQUE (digest)
);
INSERT INTO "quarantine_message" VALUES(1,'2026-11-20 09:00:00.000000','topic-1','network-1','format-1',X'7B226E223A317D',1,'digest-1');
INSERT INTO "quarantine_message" VALUES(2,'2026-11-20 10:00:00.000000','topic-2','network-2','format-2',X'7B226E223A327D',2,'digest-2');
CREATE TABLE reopened_hour (
	network TEXT NOT NULL, 
	station_id TEXT NOT NULL, 
	hour DATETIME NOT NULL, 
	reason TEXT NOT NULL, 
	at DATETIME NOT NULL, 
	CONSTRAINT pk_reopened_hour PRIMARY KEY (network, station_id, hour)
);
INSERT INTO "reopened_hour" VALUES('network-1','station_id-1','2026-11-20 09:00:00.000000','reason-1','2026-11-20 09:00:00.000000');
INSERT INTO "reopened_hour" VALUES('network-2','station_id-2','2026-11-20 10:00:00.000000','reason-2','2026-11-20 10:00:00.000000');
CREATE TABLE review_record (
	position INTEGER NOT NULL, 
	review_id TEXT NOT NULL, 
	bulk_id TEXT NOT NULL, 
	action TEXT NOT NULL, 
	who TEXT NOT NULL, 
	at DATETIME NOT NULL, 
	note TEXT NOT NULL, 
	network TEXT, 
	station_id TEXT, 
	instrument_id TEXT, 
	parameter TEXT, 
	start DATETIME, 
	"end" DATETIME, 
	verdict TEXT, 
	reason TEXT, 
	basis TEXT, 
	previous TEXT NOT NULL, 
	digest TEXT NOT NULL, 
	CONSTRAINT pk_review_record PRIMARY KEY (position), 
	CONSTRAINT uq_review_record_digest UNIQUE (digest)
);
INSERT INTO "review_record" VALUES(1,'review_id-1','bulk_id-1','action-1','who-1','2026-11-20 09:00:00.000000','note-1','network-1','station_id-1','instrument_id-1','parameter-1','2026-11-20 09:00:00.000000','2026-11-20 09:00:00.000000','verdict-1','reason-1','basis-1','previous-1','digest-1');
INSERT INTO "review_record" VALUES(2,'review_id-2','bulk_id-2','action-2','who-2','2026-11-20 10:00:00.000000','note-2','network-2','station_id-2','instrument_id-2','parameter-2','2026-11-20 10:00:00.000000','2026-11-20 10:00:00.000000','verdict-2','reason-2','basis-2','previous-2','digest-2');
CREATE TABLE revision (
	id INTEGER NOT NULL, 
	network TEXT NOT NULL, 
	station_id TEXT NOT NULL, 
	instrument_id TEXT NOT NULL, 
	first DATETIME NOT NULL, 
	last DATETIME NOT NULL, 
	received_at DATETIME NOT NULL, 
	recorded_at DATETIME NOT NULL, 
	origin TEXT NOT NULL, 
	readings INTEGER NOT NULL, 
	"before" JSON NOT NULL, 
	CONSTRAINT pk_revision PRIMARY KEY (id), 
	CONSTRAINT uq_revision_station_id_instrument_id_first_last_received_at UNIQUE (station_id, instrument_id, first, last, received_at)
);
INSERT INTO "revision" VALUES(1,'network-1','station_id-1','instrument_id-1','2026-11-20 09:00:00.000000','2026-11-20 09:00:00.000000','2026-11-20 09:00:00.000000','2026-11-20 09:00:00.000000','mqtt',1,'{"n": 1, "text": "\u81ed\u6c27"}');
INSERT INTO "revision" VALUES(2,'network-2','station_id-2','instrument_id-2','2026-11-20 10:00:00.000000','2026-11-20 10:00:00.000000','2026-11-20 10:00:00.000000','2026-11-20 10:00:00.000000','mqtt',2,'{"n": 2, "text": "\u81ed\u6c27"}');
CREATE TABLE run (
	id TEXT NOT NULL, 
	kind TEXT NOT NULL, 
	network TEXT, 
	start DATETIME, 
	"end" DATETIME, 
	version TEXT NOT NULL, 
	state TEXT NOT NULL, 
	counts JSON NOT NULL, 
	started_at DATETIME NOT NULL, 
	finished_at DATETIME, 
	CONSTRAINT pk_run PRIMARY KEY (id)
);
INSERT INTO "run" VALUES('id-1','kind-1','network-1','2026-11-20 09:00:00.000000','2026-11-20 09:00:00.000000','version-1','done','{"n": 1, "text": "\u81ed\u6c27"}','2026-11-20 09:00:00.000000','2026-11-20 09:00:00.000000');
INSERT INTO "run" VALUES('id-2','kind-2','network-2','2026-11-20 10:00:00.000000','2026-11-20 10:00:00.000000','version-2','done','{"n": 2, "text": "\u81ed\u6c27"}','2026-11-20 10:00:00.000000','2026-11-20 10:00:00.000000');
CREATE TABLE transition (
	id INTEGER NOT NULL, 
	alert_key TEXT NOT NULL, 
	rule TEXT NOT NULL, 
	kind TEXT NOT NULL, 
	severity TEXT NOT NULL, 
	station_id TEXT NOT NULL, 
	parameter TEXT, 
	from_state TEXT NOT NULL, 
	to_state TEXT NOT NULL, 
	at DATETIME NOT NULL, 
	since DATETIME NOT NULL, 
	value FLOAT, 
	threshold FLOAT, 
	unit TEXT, 
	evidence JSON NOT NULL, 
	recorded_at DATETIME NOT NULL, 
	CONSTRAINT pk_transition PRIMARY KEY (id), 
	CONSTRAINT uq_transition_alert_key_at_from_state_to_state UNIQUE (alert_key, at, from_state, to_state)
);
INSERT INTO "transition" VALUES(1,'alert_key-1','rule-1','kind-1','severity-1','station_id-1','parameter-1','from_state-1','to_state-1','2026-11-20 09:00:00.000000','2026-11-20 09:00:00.000000',1.5,1.5,'unit-1','{"n": 1, "text": "\u81ed\u6c27"}','2026-11-20 09:00:00.000000');
INSERT INTO "transition" VALUES(2,'alert_key-2','rule-2','kind-2','severity-2','station_id-2','parameter-2','from_state-2','to_state-2','2026-11-20 10:00:00.000000','2026-11-20 10:00:00.000000',2.5,2.5,'unit-2','{"n": 2, "text": "\u81ed\u6c27"}','2026-11-20 10:00:00.000000');
CREATE INDEX ix_gate_result_network_start ON gate_result (network, start);
CREATE INDEX ix_run_started_at ON run (started_at);
CREATE INDEX ix_transition_at ON transition (at);
CREATE INDEX ix_transition_station_id ON transition (station_id);
CREATE INDEX ix_acknowledgement_alert_key ON acknowledgement (alert_key);
CREATE INDEX ix_delivery_channel_state_due_at ON delivery (channel, state, due_at);
CREATE INDEX ix_quarantine_reason ON quarantine (reason);
CREATE INDEX ix_quarantine_station_id ON quarantine (station_id);
CREATE INDEX ix_finding_kind ON finding (kind);
CREATE INDEX ix_gap_state ON gap (state);
CREATE INDEX ix_revision_station_id_instrument_id_last ON revision (station_id, instrument_id, last);
CREATE INDEX ix_flag_change_station_id_parameter_start ON flag_change (station_id, parameter, start);
CREATE INDEX ix_gate_decision_result_id ON gate_decision (result_id);
CREATE INDEX ix_review_record_review_id ON review_record (review_id);
CREATE INDEX ix_review_record_network_station_id_parameter_start ON review_record (network, station_id, parameter, start);
CREATE TRIGGER gate_decision_no_update BEFORE UPDATE ON gate_decision BEGIN SELECT RAISE(ABORT, 'gate_decision is append-only'); END;
CREATE TRIGGER gate_decision_no_delete BEFORE DELETE ON gate_decision BEGIN SELECT RAISE(ABORT, 'gate_decision is append-only'); END;
CREATE TRIGGER gate_decision_no_replace BEFORE INSERT ON gate_decision WHEN EXISTS (SELECT 1 FROM gate_decision WHERE id = NEW.id) BEGIN SELECT RAISE(ABORT, 'gate_decision is append-only'); END;
CREATE TRIGGER review_record_no_update BEFORE UPDATE ON review_record BEGIN SELECT RAISE(ABORT, 'review_record is append-only'); END;
CREATE TRIGGER review_record_no_delete BEFORE DELETE ON review_record BEGIN SELECT RAISE(ABORT, 'review_record is append-only'); END;
CREATE TRIGGER review_record_no_replace BEFORE INSERT ON review_record WHEN EXISTS (SELECT 1 FROM review_record WHERE position = NEW.position) BEGIN SELECT RAISE(ABORT, 'review_record is append-only'); END;
CREATE INDEX ix_calibration_network_at ON calibration (network, at);
CREATE INDEX ix_correction_network_station_id ON correction (network, station_id);
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('quarantine_message',2);
INSERT INTO "sqlite_sequence" VALUES('quarantine',2);
COMMIT;
