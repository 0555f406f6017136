-- The work of an idempotent earn in MariaDB, one by one and many at a time.

CREATE DATABASE bench CHARACTER SET utf8mb4;
USE bench;
CREATE TABLE member (
	card BIGINT UNSIGNED NOT NULL PRIMARY KEY,
	balance BIGINT NOT NULL DEFAULT 0
) ENGINE=InnoDB;
CREATE TABLE transaction (
	id BINARY(16) NOT NULL PRIMARY KEY,
	balance BIGINT NOT NULL,
	made_at DATETIME NOT NULL
) ENGINE=InnoDB;

DELIMITER //

CREATE PROCEDURE earn(IN new_id BINARY(16), IN whose BIGINT UNSIGNED, IN amount BIGINT)
BEGIN
	DECLARE kept BIGINT DEFAULT NULL;
	DECLARE CONTINUE HANDLER FOR NOT FOUND BEGIN END;
	START TRANSACTION;
	SELECT balance INTO kept FROM transaction WHERE id = new_id;
	IF kept IS NULL THEN
		UPDATE member SET balance = LAST_INSERT_ID(balance + amount DIV 100) WHERE card = whose;
		SET kept = LAST_INSERT_ID();
		INSERT INTO transaction VALUES (new_id, kept, NOW());
	END IF;
	COMMIT;
	SELECT kept;
END //

CREATE PROCEDURE earn_many(IN items LONGTEXT)
BEGIN
	CREATE TEMPORARY TABLE IF NOT EXISTS fresh (
		id BINARY(16) NOT NULL PRIMARY KEY,
		card BIGINT UNSIGNED NOT NULL,
		points BIGINT NOT NULL
	) ENGINE=MEMORY;
	START TRANSACTION;
	DELETE FROM fresh;
	INSERT IGNORE INTO fresh
		SELECT UNHEX(item.id), item.card, item.amount DIV 100
		FROM JSON_TABLE(items, '$[*]' COLUMNS (
			id CHAR(32) PATH '$[0]',
			card BIGINT UNSIGNED PATH '$[1]',
			amount BIGINT PATH '$[2]')) AS item
		LEFT JOIN transaction ON transaction.id = UNHEX(item.id)
		WHERE transaction.id IS NULL;
	UPDATE member
		JOIN (SELECT card, SUM(points) AS points FROM fresh GROUP BY card) AS gained
		USING (card)
		SET member.balance = member.balance + gained.points;
	INSERT INTO transaction
		SELECT fresh.id, member.balance, NOW() FROM fresh JOIN member USING (card);
	COMMIT;
	SELECT COUNT(*) FROM fresh;
END //

DELIMITER ;
