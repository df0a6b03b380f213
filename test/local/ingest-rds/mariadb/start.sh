#!/bin/bash
# Starts MariaDB on PORT of 127.0.0.1 with the database `shop` and its owner `keeper`, whose password is PASSWORD.
set -euo pipefail
install -d -o mysql /run/mysqld /data
mariadb-install-db --user=mysql --datadir=/data --skip-test-db --auth-root-authentication-method=normal > /dev/null
cat > /data/init.sql <<SQL
CREATE DATABASE shop;
CREATE USER keeper@'%' IDENTIFIED BY '${PASSWORD}';
GRANT ALL ON *.* TO keeper@'%' WITH GRANT OPTION;
DROP USER root@localhost;
SQL
exec /usr/sbin/mariadbd --user=mysql --datadir=/data --bind-address=127.0.0.1 --port="${PORT}" --init-file=/data/init.sql
