#!/bin/sh
# Make sure that the Debian packages named are installed: `requisites.sh rabbitmq-server chromium`.
# As root it installs what is missing; otherwise it says the one command to run and stops with status 1, having
# changed nothing. A service that comes with a package is not started: the platform runs its own.
set -eu

missing=""
for package in "$@"; do
    case "$package" in
        python3-venv) # a Python that did not come from Debian brings its own ensurepip
            "${PYTHON:-python3}" -c 'import ensurepip' 2>/dev/null || missing="$missing python3.11-venv" ;;
        rabbitmq-server)
            [ -n "${SHENGZHI_AMQP_URI:-}" ] || [ -x /usr/lib/rabbitmq/bin/rabbitmq-server ] || missing="$missing $package" ;;
        prometheus)
            command -v promtool >/dev/null || missing="$missing $package" ;;
        *)
            command -v "$package" >/dev/null || missing="$missing $package" ;;
    esac
done
[ -n "$missing" ] || exit 0

if [ "$(id -u)" -ne 0 ]; then
    echo "Missing:$missing. Run this command, then try again:" >&2
    echo "    sudo apt-get install --yes --no-install-recommends$missing" >&2
    exit 1
fi

policy="${POLICY:-/usr/sbin/policy-rc.d}" # asked by the packages before they start a service
if [ ! -e "$policy" ]; then
    trap 'rm -f "$policy"' EXIT
    printf '#!/bin/sh\nexit 101\n' > "$policy"
    chmod 755 "$policy"
fi
export DEBIAN_FRONTEND=noninteractive
apt-get update --quiet --quiet
# shellcheck disable=SC2086  # one word a package is meant
apt-get install --yes --quiet --no-install-recommends $missing
for service in rabbitmq-server prometheus; do
    case "$missing" in
        *"$service"*) if command -v systemctl >/dev/null; then systemctl --quiet disable "$service" || true; fi ;;
    esac
done
