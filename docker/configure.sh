#!/bin/sh
# Writes the switch's configuration and the adapter's settings, which share a password, unless they
# are there already: a running switch would not notice a new password.
set -eu

if [ -f /settings/settings.yaml ]; then
    echo "configured already"
    exit 0
fi
swml-adapter render freeswitch-conf --force --out /configuration \
    --set "sip_ip=$SIP_IP" \
    --set "sip_port=$SIP_PORT" \
    --set "calls_from=$CALLS_FROM" \
    --set recordings_dir=/recordings >/tmp/said
grep '^nodes:' /tmp/said >/settings/settings.yaml
chmod 0400 /settings/settings.yaml
chown 10001:10001 /settings/settings.yaml
echo "configured"
