package secrets

import "gatehouse/internal/gateway/heap"

var hsmType = heap.Refuse("HsmSecretStore", "hardware security modules are reached through Java's PKCS#11 provider; keep the keys in a KeyStoreSecretStore or a FileSystemSecretStore")
