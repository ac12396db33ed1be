//! Values that Litmus pastes into `bash -c` inside privileged helpers, and what is safe there.

use serde_json::Value;

use super::number::{digits, range};

/// What a variable may hold. Nothing at all is always accepted.
pub(super) struct Grammar {
    pub(super) accepts: fn(&str) -> bool,
    pub(super) accepted: &'static str,
}

/// The grammar of a variable, for those that reach a shell or name an image.
pub(super) fn grammar(name: &str) -> Option<&'static Grammar> {
    let row = GRAMMARS.iter().find(|(_, names)| names.contains(&name));
    row.map(|(grammar, _)| *grammar)
}

/// Whether a variable that reaches a shell holds a number.
pub(super) fn is_number(name: &str) -> bool {
    NUMBERS.contains(&name)
}

/// Whether a shell makes nothing of a text but words.
pub(super) fn is_harmless(text: &str) -> bool {
    made_of(text, " ._+%-")
}

const GRAMMARS: &[(&Grammar, &[&str])] = &[
    (&NUMBER, NUMBERS),
    (&INTERFACE, &["NETWORK_INTERFACE"]),
    (&ADDRESSES, &["DESTINATION_IPS", "TARGET_NODE_IP"]),
    (&HOSTS, &["DESTINATION_HOSTS", "TARGET_HOSTNAMES"]),
    (&PORTS, &["DESTINATION_PORTS", "SOURCE_PORTS"]),
    (
        &RATE,
        &[
            "NETWORK_BANDWIDTH",
            "BURST",
            "LIMIT",
            "MIN_BURST",
            "PEAK_RATE",
        ],
    ),
    (&MAP, &["SPOOF_MAP", "HEADERS_MAP"]),
    (
        &WORDS,
        &[
            "VOLUME_MOUNT_PATH",
            "SOCKET_PATH",
            "CONTAINER_RUNTIME",
            "SSH_USER",
            "STATUS_CODE",
            "SIGNAL",
            "TARGET_CONTAINER",
            "TAINTS",
            "CONTENT_TYPE",
            "CONTENT_ENCODING",
            "RESPONSE_BODY",
            "HEADER_MODE",
            "MATCH_SCHEME",
            "TARGET_NODE",
            "TARGET_NODES",
            "MODIFY_RESPONSE_BODY",
        ],
    ),
    (
        &COMMAND,
        &[
            "CHAOS_INJECT_COMMAND",
            "CHAOS_KILL_COMMAND",
            "REBOOT_COMMAND",
        ],
    ),
    (&IMAGE, &["LIB_IMAGE", "STRESS_IMAGE", "TC_IMAGE"]),
];

const NUMBERS: &[&str] = &[
    "CPU_CORES",
    "CPU_LOAD",
    "MEMORY_CONSUMPTION",
    "NUMBER_OF_WORKERS",
    "NODE_CPU_CORE",
    "CPU",
    "VM_WORKERS",
    "FILESYSTEM_UTILIZATION_PERCENTAGE",
    "FILESYSTEM_UTILIZATION_BYTES",
    "FILL_PERCENTAGE",
    "EPHEMERAL_STORAGE_MEBIBYTES",
    "DATA_BLOCK_SIZE",
    "MEMORY_CONSUMPTION_PERCENTAGE",
    "MEMORY_CONSUMPTION_MEBIBYTES",
    "NETWORK_LATENCY",
    "JITTER",
    "NETWORK_PACKET_LOSS_PERCENTAGE",
    "NETWORK_PACKET_CORRUPTION_PERCENTAGE",
    "NETWORK_PACKET_DUPLICATION_PERCENTAGE",
    "CORRELATION",
    "TARGET_SERVICE_PORT",
    "PROXY_PORT",
    "TOXICITY",
    "LATENCY",
    "RESET_TIMEOUT",
];

/// Commands that the published ChaosExperiments and the programs bring along.
const COMMANDS: &[&str] = &[
    "md5sum /dev/zero",
    "sudo systemctl reboot; true",
    "-o ServerAliveInterval=1 -o ServerAliveCountMax=1 \"sudo systemctl poweroff --force --force\" ; true",
    "kill $(find /proc -name exe -lname '*/md5sum' 2>&1 | grep -v 'Permission denied' | awk -F/ '{print $(NF-1)}')",
    "kill $(find /proc -name exe -lname '*/dd' 2>&1 | grep -v 'Permission denied' | awk -F/ '{print $(NF-1)}' | head -n 1)",
];

/// Images that Litmus itself brings along, without their tags.
const IMAGES: &[&str] = &[
    "alexeiled/stress-ng",
    "gaiadocker/iproute2",
    "ghcr.io/grafana/k6-operator",
    "litmuschaos.docker.scarf.sh/litmuschaos/chaos-runner",
    "litmuschaos.docker.scarf.sh/litmuschaos/go-runner",
    "litmuschaos.docker.scarf.sh/litmuschaos/py-runner",
    "litmuschaos/chaos-runner",
    "litmuschaos/go-runner",
    "litmuschaos/py-runner",
];

const NUMBER: Grammar = Grammar {
    accepts: |text| {
        let text = text.strip_prefix('+').unwrap_or(text);
        digits(text).is_some() || range(text).is_some()
    },
    accepted: "a whole number of up to 9 digits without a unit, or a range such as 20-40",
};

const INTERFACE: Grammar = Grammar {
    accepts: |text| text.len() <= 15 && made_of(text, "._-"),
    accepted: "the name of a network interface",
};

const ADDRESSES: Grammar = Grammar {
    accepts: |text| each(text, |item| made_of(item, ".:/!")),
    accepted: "a list of IP addresses and blocks such as 10.0.0.0/8",
};

const HOSTS: Grammar = Grammar {
    accepts: |text| {
        each(text.trim_matches(['[', ']']), |item| {
            made_of(item.trim().trim_matches('"'), ".-")
        })
    },
    accepted: "a list of host names",
};

const PORTS: Grammar = Grammar {
    accepts: |text| {
        each(text, |item| {
            let port = item.strip_prefix('!').unwrap_or(item);
            port.len() <= 5 && digits(port).is_some()
        })
    },
    accepted: "a list of port numbers",
};

const RATE: Grammar = Grammar {
    accepts: |text| {
        let unit = text.trim_start_matches(|c: char| c.is_ascii_digit());
        let number = text.len().saturating_sub(unit.len());
        (1..=9).contains(&number) && unit.len() <= 4 && made_of(unit, "")
    },
    accepted: "a number and a unit, such as 1mbit or 32kb",
};

const MAP: Grammar = Grammar {
    accepts: |text| match serde_json::from_str::<Value>(text) {
        Ok(Value::Object(map)) => map.iter().all(|(key, value)| {
            made_of(key, ".-_") && value.as_str().is_some_and(|value| made_of(value, ".-_/ "))
        }),
        _ => false,
    },
    accepted: "a map of plain words, such as {\"name\":\"other\"}",
};

const WORDS: Grammar = Grammar {
    accepts: |text| made_of(text, "._-/,:= "),
    accepted: "letters, digits and . _ - / , : = only: the value is put into a shell command",
};

const COMMAND: Grammar = Grammar {
    accepts: |text| COMMANDS.contains(&text),
    accepted: "no command of your own: it would run in the target, or on the node",
};

const IMAGE: Grammar = Grammar {
    accepts: |text| own_image(text) || text == SERVICE_IMAGE,
    accepted: "an image that Litmus brings along, or none",
};

/// The image from which the published faults stop services of a node.
const SERVICE_IMAGE: &str = "ubuntu:16.04";

/// The names of the images that hold the faults, whichever registry they are mirrored in.
const FAULT_IMAGES: &[&str] = &["go-runner", "py-runner"];

/// The name of an image without registry and path, and its tag.
pub(super) fn image_parts(image: &str) -> (&str, Option<&str>) {
    let name = image.rsplit('/').next().unwrap_or(image);
    let (name, digest) = name
        .split_once('@')
        .map_or((name, None), |(n, d)| (n, Some(d)));
    match name.split_once(':') {
        Some((name, tag)) => (name, Some(tag)),
        None => (name, digest),
    }
}

/// Whether an image is one that holds Litmus' faults, perhaps a mirror of it. Whoever installs
/// definitions may mirror images; who writes engines has no reason to name one.
pub(super) fn fault_image(image: &str) -> bool {
    FAULT_IMAGES.contains(&image_parts(image).0)
}

/// Whether an image is one that Litmus itself brings along.
pub(super) fn own_image(image: &str) -> bool {
    let name_at = image.rfind('/').map_or(0, |slash| slash.saturating_add(1));
    let (path, name) = image.split_at_checked(name_at).unwrap_or((image, ""));
    let name = name.split([':', '@']).next().unwrap_or_default();
    let untagged = format!("{path}{name}");
    IMAGES.contains(&untagged.as_str())
}

fn made_of(text: &str, also: &str) -> bool {
    text.chars()
        .all(|c| c.is_ascii_alphanumeric() || also.contains(c))
}

fn each(text: &str, accepts: impl Fn(&str) -> bool) -> bool {
    text.split(',').all(accepts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_a_shell_would_act_on_passes() {
        for (grammar, names) in GRAMMARS {
            for text in ["$(reboot)", "a;b", "`a`", "a|b&", "1\n2", "a > /x"] {
                assert!(!(grammar.accepts)(text), "{} {text:?}", names[0]);
            }
        }
    }

    #[test]
    fn what_people_write_passes() {
        let values = [
            ("NETWORK_INTERFACE", "eth0"),
            ("DESTINATION_IPS", "10.0.0.1,10.1.0.0/16,::1"),
            ("DESTINATION_HOSTS", "db.default.svc.cluster.local"),
            ("TARGET_HOSTNAMES", "[\"nginx\", \"redis\"]"),
            ("DESTINATION_PORTS", "!5432,80"),
            ("NETWORK_BANDWIDTH", "1mbit"),
            ("HEADERS_MAP", "{}"),
            ("TAINTS", "app.hce.io/chaos=true:NoSchedule"),
            ("STRESS_IMAGE", "alexeiled/stress-ng:latest-ubuntu"),
            ("REBOOT_COMMAND", "sudo systemctl reboot; true"),
        ];
        for (name, value) in values {
            assert!((grammar(name).unwrap().accepts)(value), "{name}={value}");
        }
    }

    #[test]
    fn a_mirror_of_the_image_of_the_faults_is_known_by_its_name() {
        assert!(fault_image("mirror.example/x/go-runner:3.1.0"));
        assert!(!fault_image("mirror.example/go-runner/x"));
        assert_eq!(
            image_parts("a:5000/go-runner:3.1@sha256:0"),
            ("go-runner", Some("3.1"))
        );
        assert_eq!(
            image_parts("a:5000/go-runner@sha256:0"),
            ("go-runner", Some("sha256:0"))
        );
        assert_eq!(image_parts("go-runner"), ("go-runner", None));
    }

    #[test]
    fn a_foreign_image_is_not_taken_for_one_of_litmus() {
        assert!(own_image("litmuschaos/go-runner@sha256:0"));
        assert!(!own_image("evil.io/litmuschaos/go-runner:latest"));
        assert!(!own_image("litmuschaos/go-runner-x"));
    }
}
