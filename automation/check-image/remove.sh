# Removes what one check has made in the Docker engine, and its folder: sh remove.sh LABEL=VALUE [FOLDER]
#
# It waits until its standard input says a word or ends. A check that ends in good order says the word. When the input
# ends without one, the check has been killed, and a docker command that it had started may still be about to make
# something: then this looks again for some seconds.
label=$1
folder=$2

if read -r _; then rounds=1; else rounds=5; fi
while :; do
  containers=$(docker ps --all --quiet --filter "label=$label")
  [ -z "$containers" ] || docker rm --force --volumes $containers
  volumes=$(docker volume ls --quiet --filter "label=$label")
  [ -z "$volumes" ] || docker volume rm --force $volumes
  networks=$(docker network ls --quiet --filter "label=$label")
  [ -z "$networks" ] || docker network rm $networks
  rounds=$((rounds - 1))
  [ "$rounds" -gt 0 ] || break
  sleep 1
done
[ -z "$folder" ] || rm -rf "$folder"
